// Works with what the console lists and changes, and prints what was seen as JSON.
import { writeFile } from "node:fs/promises";
import axe from "axe-core";
import { chromium } from "playwright-core";

const { CHROMIUM, CHROMIUM_FLAGS, MOCK, PETS, LARGE, SERVICES, SCREENSHOTS, SCENES } = process.env;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS.split(" ") });
const asked = new Set();
const complaints = [];

async function opened(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000); // of a busy machine
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  await page.goto(url);
  return page;
}

const live = (page) => page.waitForSelector('#connection[data-state="live"]');
const saying = (page, text) => page.waitForFunction((text) => document.querySelector("#told").textContent === text, text);
const names = (page) => page.evaluate(async () => (await (await fetch("/pets")).json()).map(({ name }) => name));

/** Return what axe-core finds serious in a page as it is. */
async function serious(page) {
  await page.evaluate(axe.source); // by the debugger: the page's policy lets no script in
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
}

/** Create, edit and delete an item by keyboard and pointer, on a phone in the dark. */
async function items() {
  const page = await opened(`${PETS}/_mock/console#state`, { viewport: { width: 360, height: 720 }, colorScheme: "dark" });
  await live(page);
  const pets = page.locator('#collections > ul > li[data-key="/pets"]');
  await pets.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  await pets.locator("summary:text('New item')").click();
  const area = pets.locator(".editor textarea");
  await area.fill("{");
  await pets.locator("button:text('Create')").click();
  const invalid = await area.evaluate((field) => !field.checkValidity());
  await area.fill('{"name": "<b>Rex</b>"}');
  await pets.locator("button:text('Create')").click();
  await saying(page, "The item is created");
  await pets.locator(".items > li").waitFor();
  const shown = await pets.locator(".items > li > code").innerText();
  await pets.locator("button:text('Edit')").click();
  const editing = pets.locator(".items .editor");
  await editing.locator("textarea").fill('{"id": "one"}');
  await editing.locator("button:text('Save')").click();
  const refusal = await page.locator("#state-refused .refusal").innerText();
  const found = await serious(page);
  await editing.locator("textarea").fill('{"id": 1, "name": "Tom"}');
  await editing.locator("button:text('Save')").click();
  await saying(page, "The item is changed");
  await pets.locator(".items > li > code:has-text('Tom')").waitFor();
  const edited = await names(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  await pets.locator("button:text('Delete')").click();
  await saying(page, "The item is deleted");
  await page.waitForFunction(() => !document.querySelector(".items > li"));
  return { invalid, shown, refusal, edited, deleted: await names(page), width, found };
}

/** Look at a scope, and remove it. */
async function scopes() {
  const page = await opened(`${PETS}/_mock/console#state`);
  await live(page);
  await page.evaluate(() => fetch("/pets", { method: "POST", headers: { "X-Mock-Scope": "a/b", "Content-Type": "application/json" }, body: '{"name": "Ada"}' }));
  await page.waitForSelector('#scopes-list > li:has-text("a/b")');
  const count = () => page.locator('#collections > ul > li[data-key="/pets"] .count').innerText();
  const inAll = await count();
  await page.evaluate(() => fetch("/pets"));
  await page.waitForFunction(() => document.querySelectorAll("#exchanges > li").length > 1);
  await page.selectOption("#scope", "a/b");
  await page.waitForFunction(() => document.querySelectorAll("#exchanges > li").length === 1);
  const marks = await page.locator("#exchanges .mark").allInnerTexts();
  await page.waitForFunction(() => document.querySelector('#collections > ul > li[data-key="/pets"] .count').textContent === "1 item");
  const found = await serious(page);
  await page.click('[aria-label="Remove the scope a/b"]');
  await page.waitForSelector("#scopes", { state: "hidden" });
  return { inAll, marks, after: await count(), found };
}

/** Have one override match before another. */
async function overrides() {
  const page = await opened(`${PETS}/_mock/console#faults`);
  await live(page);
  await page.evaluate(async () => {
    for (const status of [418, 503])
      await fetch("/_mock/overrides", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name: String(status), effect: { respond: { status } } }) });
  });
  await page.waitForFunction(() => document.querySelectorAll("#standing > li").length === 2);
  const status = () => page.evaluate(async () => (await fetch("/pets")).status);
  const statuses = [await status()];
  const first = await page.locator('[aria-label="Move 503 up"]').isDisabled();
  await page.click('[aria-label="Move 418 up"]');
  await saying(page, "418 matches before");
  statuses.push(await status());
  await page.click('[aria-label="Switch off 418"]');
  await page.waitForFunction(() => document.querySelectorAll("#standing > li").length === 1);
  statuses.push(await status());
  await page.click("#faults-off");
  return { first, statuses };
}

/** Hold captures, let one go on, and have one fail. */
async function pipeline() {
  const page = await opened(`${MOCK}/_mock/console#state`, { viewport: { width: 360, height: 720 } });
  await live(page);
  await page.selectOption("#hold-status", "ENRICHING");
  await page.click("#pipeline-form button:text('Hold')");
  await saying(page, "Captures are held");
  const status = (number, status) => page.waitForSelector(`#captures tr:nth-child(${number}) .chip[data-status="${status}"]`);
  for (const number of [1, 2]) {
    await page.click("#scan-form button");
    await status(1, "ENRICHING");
    await page.waitForFunction((text) => document.querySelector("#pipeline-now").textContent.endsWith(text), `${number} held`);
  }
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  const found = await serious(page);
  await page.locator("#captures tr").first().getByRole("button", { name: /^Fail/ }).click();
  await status(1, "FAILED");
  await page.locator("#captures tr").nth(1).getByRole("button", { name: /^Release/ }).click();
  await status(2, "COMPLETED");
  await page.click("#release-all");
  await page.waitForSelector("#release-all:disabled");
  await page.selectOption("#proposal-field", "category");
  await page.fill("#proposal-value", "Soups");
  await page.selectOption("#proposal-capture", { index: 1 });
  await page.click("#proposal-form button");
  await saying(page, "The value is proposed");
  const [session, proposals] = await page.evaluate(async () => {
    const { api_key } = await (await fetch("/_mock/seeds")).json();
    const call = async (path, body) => (await fetch(`/scanner/api/v1${path}`, { method: body ? "POST" : "GET", body, headers: { "X-API-Key": api_key, "Content-Type": "application/json" } })).json();
    const values = (await call(`/captures/${document.querySelector("#proposal-capture").value}/proposals`)).map(({ proposed_value }) => proposed_value);
    return [(await call("/sessions", "{}")).id, values];
  });
  await page.click(`[aria-label="Expire ${session}"]`);
  await saying(page, "The session is EXPIRED");
  const expired = await page.locator(`#sessions tr[data-key="${session}"] .chip[data-status="EXPIRED"]`).innerText();
  return { proposals, expired, rows: await page.locator("#captures .chip").allInnerTexts(), buttons: await page.locator("#captures button:text('Hold'):visible").count(), width, found };
}

/** Return the controls of a phone's page that no finger reaches, by font, width and panel. */
async function reach() {
  const page = await opened(`${MOCK}/_mock/console#state`);
  await live(page);
  await page.click("#pipeline-form button:text('Hold')");
  await saying(page, "Captures are held");
  const before = await page.locator("#captures tr").count();
  await page.click("#scan-form button");
  await page.waitForFunction((count) => document.querySelectorAll("#captures tr").length > count, before);
  await page.locator("#captures tr").first().getByRole("button", { name: /^Fail/ }).waitFor();
  await page.fill("#snapshot-name", "a name");
  await page.click("#snapshot-form button");
  await page.locator("#snapshots button:text('Restore')").waitFor();
  const unreached = {};
  const counts = {};
  for (const [font, rule] of Object.entries(FONTS)) {
    await page.evaluate(restyle, rule);
    for (const width of [320, 360]) {
      await page.setViewportSize({ width, height: 720 });
      for (const panel of await page.locator("nav a").evaluateAll((links) => links.filter((link) => link.checkVisibility()).map((link) => link.hash))) {
        await page.evaluate((hash) => (location.hash = hash), panel);
        await page.waitForFunction((hash) => document.body.dataset.view === hash.slice(1), panel);
        const { count, missed } = await page.evaluate(tried);
        counts[panel] = count;
        if (missed.length) unreached[`${font} ${width} ${panel}`] = missed;
      }
      if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${font}-${width}.png`, fullPage: true });
    }
  }
  await page.click('nav a[href="#state"]');
  await page.click("#release-all");
  await page.waitForSelector("#release-all:disabled");
  return { unreached, counts };
}

/** Fonts that are narrow, as the page has them, and wider than any that a machine has. */
const FONTS = {
  narrow: "* { font-family: sans-serif !important; letter-spacing: -0.06em; }",
  plain: "",
  large: ":root { font-size: 125% !important; }",
  wide: ':root { font-size: 125% !important; } * { font-family: Verdana, "DejaVu Sans", sans-serif !important; letter-spacing: 0.06em; }',
};

/** Style a page by the document, since its policy lets no style element in. */
function restyle(rule) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rule);
  document.adoptedStyleSheets = [sheet];
}

/** Unfold all, scroll down to each control, and return those that are then not whole or not under the pointer. */
function tried() {
  document.querySelectorAll("details").forEach((details) => (details.open = true));
  const controls = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((control) => control.checkVisibility({ opacityProperty: true }));
  const missed = controls.filter((control) => {
    control.scrollIntoView({ block: "center" });
    for (let box = control.parentElement; box; box = box.parentElement) box.scrollLeft = 0; // a finger moves up and down
    const { left, right, top, height } = control.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, top + height / 2);
    return left < 0 || right > innerWidth || !control.contains(hit);
  });
  const named = missed.map((control) => control.ariaLabel || control.id || control.textContent.trim().slice(0, 40));
  const wider = document.documentElement.scrollWidth - innerWidth;
  return { count: controls.length, missed: wider > 0 ? [`the page is ${wider} px too wide`, ...named] : named };
}

/** Find an operation in a large document, and try it. */
async function explorer() {
  const page = await opened(`${LARGE}/docs`);
  const height = async () => (await page.waitForSelector(".operation-filter-input"), page.evaluate(() => document.documentElement.scrollHeight));
  const before = await height();
  const closed = await page.locator(".opblock").count();
  await page.getByLabel("Filter by path").fill("GET thing-7/");
  await page.waitForSelector(".opblock");
  const shown = await page.locator(".opblock-summary-path").allInnerTexts();
  await page.click(".opblock-summary-control");
  await page.locator(".opblock input").first().fill("12");
  await page.click(".execute");
  const status = await page.locator(".live-responses-table tbody .response-col_status").first().innerText();
  await page.getByLabel("Filter by path").fill("nothing that is there");
  await page.waitForFunction(() => !document.querySelector(".opblock"));
  return { height: before, closed, shown, status };
}

/** Read on a phone how to get each response. */
// the policy of the page lets no script run, not even that of axe-core
async function responses() {
  const page = await opened(`${MOCK}/_mock/responses`, { viewport: { width: 360, height: 720 }, colorScheme: "dark", bypassCSP: true });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  const found = await serious(page);
  await page.click("nav a:text('Operations')");
  await page.click("nav a:text('Console')");
  await live(page);
  return { width, found };
}

/** Look at the sheet of products, turn its page, and print it. */
async function products() {
  const page = await opened(`${MOCK}/_mock/console`, { viewport: { width: 360, height: 720 }, deviceScaleFactor: 2, colorScheme: "dark" });
  await live(page);
  await page.click('nav a[href="#products"]');
  const first = page.locator("#sheet > li").first();
  await first.waitFor();
  const gtin = await first.locator("code").innerText();
  const picture = (await first.screenshot()).toString("base64");
  const found = await serious(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  const pages = [await page.locator("#sheet-page").innerText()];
  await page.click("#sheet-next");
  await page.waitForFunction(() => document.querySelector("#sheet-page").textContent.startsWith("page 2"));
  pages.push(await page.locator("#sheet-page").innerText());
  await page.emulateMedia({ media: "print" });
  return { gtin, picture, found, width, pages, printed: await page.locator("header").isVisible() };
}

/** Open the console on a phone, and an exchange whose response an override asked for. */
async function phone() {
  const page = await opened(`${PETS}/_mock/console`, { viewport: { width: 390, height: 844 } });
  await live(page);
  await page.evaluate(async () => {
    const rule = { match: { operation: "list_pets" }, effect: { respond: { status: 418, body: [] } } };
    await fetch("/_mock/overrides", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(rule) });
    await fetch("/pets");
    await fetch("/_mock/overrides", { method: "DELETE" });
  });
  const row = page.locator(".exchange", { has: page.locator(".by-rule") }).first();
  const asked = await row.locator(".by-rule").innerText();
  await row.locator(".line").click();
  await row.locator(".messages").waitFor();
  return {
    view: await page.evaluate(() => document.body.dataset.view),
    asked,
    violating: await page.locator(".exchange.broken", { has: page.locator(".by-rule") }).count(),
    parts: await row.locator(".messages section").last().evaluate((section) => [...section.children].map(({ localName }) => localName)),
    unfolded: await row.locator(".headers[open]").count(),
    width: await page.evaluate(() => document.documentElement.scrollWidth),
    found: await serious(page),
  };
}

/** Look at all services of a mock, and then at one. */
async function services() {
  const page = await opened(SERVICES, { viewport: { width: 390, height: 844 } });
  await live(page);
  await page.locator("#exchanges > li").nth(1).waitFor();
  const marks = () => page.locator("#exchanges .mark:not(.server)").allInnerTexts();
  const all = await marks();
  await page.selectOption("#service", "billing");
  const one = await marks();
  await page.click('nav a[href="#state"]');
  await page.click("#collections summary");
  await page.locator(".items > li").first().waitFor();
  return {
    all,
    one,
    collections: await page.locator("#collections > ul > li").count(),
    title: await page.title(),
    width: await page.evaluate(() => document.documentElement.scrollWidth),
    end: await page.locator("#connection").evaluate((place) => place.getBoundingClientRect().right),
    found: await serious(page),
  };
}

const scenes = { items, scopes, overrides, pipeline, reach, explorer, responses, products, phone, services };
const outcomes = {};
for (const [name, scene] of Object.entries(scenes)) {
  if (SCENES && !SCENES.split(" ").includes(name)) continue;
  // a scene that fails fails its own test, and the next ones have their turn
  outcomes[name] = await scene().catch((error) => ({ failure: String(error.stack) }));
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
await writeFile("outcomes.json", JSON.stringify({ ...outcomes, asked: [...asked], complaints }));
