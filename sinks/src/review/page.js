"use strict";
// One item at a time: lock it, show it, answer it or give it back. Nothing of it is kept in the page.
const at = (id) => document.getElementById(id);
const CALM_MS = 3000; // how often an empty queue is asked
let item = null, busy = false, renewing = 0, asking = 0;

const show = (name) => ["login", "work", "rest"].forEach((id) => (at(id).hidden = id !== name));
const say = (text, soft) => { at("message").textContent = text; at("message").classList.toggle("soft", !!soft); };

async function call(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}),
  });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const { error } = await answer.json().catch(() => ({ error: { code: "none", message: answer.statusText } }));
  throw Object.assign(new Error(error.message), { code: error.code, status: answer.status });
}

// Runs one step at a time: a key pressed twice answers once.
async function step(run) {
  if (busy) return;
  busy = true;
  try { await run(); } catch (error) { failed(error); } finally { busy = false; }
}

function failed(error) {
  if (error.status === 401 || error.status === 403) return enter(error.code === "missing-key" ? "" : error.message);
  say(error.status ? error.message : "The server cannot be reached; nothing was sent.");
  if (["lock-lost", "no-item"].includes(error.code)) {
    say("This plate went to somebody else or was answered already.", true);
    item = null;
    setTimeout(() => step(next));
  }
}

function enter(message) {
  item = null;
  show("login");
  say(message);
  at("key").focus();
}

async function next() {
  clearTimeout(asking);
  clearInterval(renewing);
  const { item: got, remaining } = await call("/review/next");
  at("remaining").textContent = remaining === 1 ? "1 plate left" : `${remaining} plates left`;
  item = got;
  if (!item) {
    show("rest");
    asking = setTimeout(() => step(next), CALM_MS);
    return;
  }
  render();
  const left = new Date(item.lockedUntil) - Date.now();
  renewing = setInterval(renew, Math.max(500, Math.min(left / 3, 60000)));
}

async function renew() {
  const held = item;
  if (!held || busy || document.hidden) return;
  try {
    await call(`/review/${held.id}/renew`, { token: held.token });
  } catch (error) {
    if (held === item && error.status) failed(error);
  }
}

function render() {
  show("work");
  at("crop").hidden = !item.crop;
  at("nocrop").hidden = !!item.crop;
  if (item.crop) at("crop").src = item.crop;
  const text = at("text");
  text.value = item.partialText;
  text.focus();
  text.select();
  at("candidates").replaceChildren(...item.candidates.slice(0, 5).map(candidate));
  const about = [
    ["Lane", item.lane ?? "–"], ["Captured", new Date(item.captureTime).toLocaleString()], ["File", item.fileName],
    ["Confidence", `${Math.round(item.confidence * 100)} %`], ["Why", item.reason ? item.reason.detail : "–"],
  ];
  at("about").replaceChildren(...about.map(([name, value]) => {
    const row = document.createElement("div");
    row.append(element("dt", name), element("dd", value));
    return row;
  }));
}

function candidate({ text, confidence }, place) {
  const button = element("button", "");
  button.type = "button";
  button.append(element("kbd", `Alt+${place + 1}`), text, element("small", `${Math.round(confidence * 100)} %`));
  button.onclick = () => choose(place);
  const row = document.createElement("li");
  row.append(button);
  return row;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function choose(place) {
  const chosen = item?.candidates[place];
  if (!chosen) return;
  at("text").value = chosen.text;
  at("text").focus();
}

const answer = (what) => step(async () => {
  if (!item) return;
  await call(`/review/${item.id}/answer`, { token: item.token, reviewer: at("reviewer").value.trim(), ...what });
  say("");
  await next();
});

// The skipped one is given back after the next is taken: else the next would be the same again.
const skip = () => step(async () => {
  if (!item) return;
  const held = item;
  say("");
  await next();
  await call(`/review/${held.id}/abandon`, { token: held.token });
  if (!item) { say("There is no other plate at the moment.", true); await next(); }
});

at("work").querySelector("form").onsubmit = (event) => { event.preventDefault(); answer({ text: at("text").value }); };
at("unreadable").onclick = () => answer({ unreadable: true });
at("skip").onclick = skip;
at("login").querySelector("form").onsubmit = (event) => {
  event.preventDefault();
  step(async () => {
    await call("/login", { key: at("key").value });
    at("key").value = "";
    say("");
    await next();
  });
};
document.addEventListener("keydown", (event) => {
  if (at("work").hidden || event.target === at("reviewer")) return;
  if (event.key === "Escape") { event.preventDefault(); answer({ unreadable: true }); }
  if (event.key === "Tab" && !event.shiftKey && event.target === at("text")) { event.preventDefault(); skip(); }
  if (event.altKey && event.code >= "Digit1" && event.code <= "Digit5") {
    event.preventDefault();
    choose(Number(event.code.slice(5)) - 1);
  }
});
// Who leaves gives back what they hold; if the word is lost, the lock ends by itself.
addEventListener("pagehide", () => {
  if (!item) return;
  fetch(`/review/${item.id}/abandon`, {
    method: "POST", keepalive: true, headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: item.token }),
  });
});
const NAME = "tollgate-reviewer";
at("reviewer").value = localStorage.getItem(NAME) ?? "";
at("reviewer").onchange = () => localStorage.setItem(NAME, at("reviewer").value.trim());
step(next);
