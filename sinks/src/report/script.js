"use strict";
// Shows the cards and rows whose plate or file contains what is typed.
const filter = document.getElementById("filter");
const found = document.getElementById("found");
const items = [...document.querySelectorAll("[data-find]")].map((el) => [el, el.dataset.find.toLowerCase()]);
filter.addEventListener("input", () => {
  const want = filter.value.trim().toLowerCase();
  let shown = 0;
  for (const [el, text] of items) {
    el.hidden = !text.includes(want);
    shown += !el.hidden;
  }
  found.textContent = want ? `${shown} of ${items.length}` : "";
});
