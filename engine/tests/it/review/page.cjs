// Drives two reviewers: node page.cjs PLAYWRIGHT CHROMIUM URL SHOTS
const [, , driver, executablePath, url, shots] = process.argv;
const { chromium } = require(driver);
const assert = require("node:assert");

async function reviewer(browser, name) {
  const page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => { throw error; });
  page.setDefaultTimeout(20000);
  await page.goto(`${url}/review`);
  await page.locator("#work").waitFor();
  await page.fill("#reviewer", name);
  await page.locator("#text").focus();
  return page;
}

const text = (page) => page.locator("#text").inputValue();
const until = (page, value) => page.waitForFunction((value) => document.getElementById("text").value === value, value);

(async () => {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const ann = await reviewer(browser, "Ann");
  const ben = await reviewer(browser, "Ben");
  assert.equal(await text(ann), "AB0123");
  assert.equal(await text(ben), "AB1123", "two reviewers never have the same plate");
  await ann.screenshot({ path: `${shots}/review.png` });
  await ann.keyboard.press("Enter"); // accepts what was read
  await until(ann, "AB2123");
  await ben.keyboard.press("Alt+2"); // the second candidate
  assert.equal(await text(ben), "AB1123I");
  await ben.keyboard.press("Enter");
  await until(ben, "AB3123");
  await ann.keyboard.press("Escape"); // unreadable
  await until(ann, "AB4123");
  await ben.fill("#text", "!!");
  await ben.keyboard.press("Enter"); // no plate: said, and nothing is lost
  await ben.waitForFunction(() => document.getElementById("message").textContent.includes("A-Z"));
  await ben.fill("#text", "xyz 789");
  await ben.keyboard.press("Enter");
  await until(ben, "AB5123");
  await ann.keyboard.press("Tab"); // skipped: none is left but Ben's, and so it comes again
  await ann.waitForFunction(() => document.getElementById("message").textContent.includes("no other"));
  await until(ann, "AB4123");
  // Ann's lock is lost, and Ben gives his back, so that each gets the other's.
  const held = await ann.evaluate(() => ({ id: item.id, token: item.token }));
  const lost = await ann.request.post(`${url}/review/${held.id}/abandon`, { data: { token: held.token } });
  assert.equal(lost.status(), 204);
  await ben.locator("#text").focus();
  await ben.keyboard.press("Tab");
  await until(ben, "AB4123");
  await ann.keyboard.press("Enter");
  await ann.waitForFunction(() => document.getElementById("message").textContent.includes("somebody else"));
  await until(ann, "AB5123");
  await ann.keyboard.press("Enter");
  await ben.keyboard.press("Enter");
  await ann.locator("#rest").waitFor();
  await ben.locator("#rest").waitFor();
  // Who has nothing asks again by itself.
  await ann.waitForFunction(() => document.getElementById("remaining").textContent === "0 plates left");
  await ann.emulateMedia({ colorScheme: "dark" });
  await ann.screenshot({ path: `${shots}/rest.png` });
  await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
