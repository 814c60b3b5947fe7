// Works with the console in Chromium, scene by scene, and prints what was seen as JSON.
import { writeFile } from "node:fs/promises";
import axe from "axe-core";
import { chromium } from "playwright-core";

const { CHROMIUM, CHROMIUM_FLAGS, MOCK, FOREIGN, TOKEN, PHOTO, SCREENSHOTS } = process.env;
const VIEWS = ["upload", "products", "faults", "state", "journal"];
const HOSTILE = "<img src=x onerror=document.title='taken'>";
const MANY = 230;
// The beginning of a PNG of one pixel, which S3 and the API take, and no browser shows.
const BROKEN = "89504e470d0a1a0a0000000d4948445200000001000000010806000000";
const mock = JSON.parse(MOCK);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS.split(" ") });
const asked = new Set();

/** Open the console in a context of its own; `complaints` is what the browser has to say. */
async function opened(url, options = {}, hash = "") {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // of a busy machine
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  if (url) await page.goto(`${url}/_mock/console${hash}`);
  return page;
}

const live = (page) => page.waitForSelector('#connection[data-state="live"]');

/** Open a view, and return once it is shown: what is hidden takes no focus, has no width, and axe-core passes over it. */
async function go(page, view) {
  await page.click(`nav a[href="#${view}"]`);
  await page.waitForSelector(`body[data-view="${view}"]`);
}

const text = (page, selector) => page.locator(selector).first().innerText();

async function upload(page) {
  await go(page, "upload");
  await page.setInputFiles("#photo", PHOTO);
  await page.click("#go");
}

/** Clear the journal, and return once the mock has done so. */
async function cleared(page) {
  await go(page, "journal");
  await Promise.all([page.waitForResponse((answer) => answer.request().method() === "DELETE"), page.click("#journal-clear")]);
}

async function uploaded(page) {
  await upload(page);
  await page.waitForSelector('.steps li:nth-child(3)[data-state="done"]');
}

async function photo(page) {
  await uploaded(page);
  await page.waitForFunction(() => document.querySelector("#gallery img")?.naturalWidth > 0);
  return {
    types: await page.locator("#photo-type option").allInnerTexts(),
    fields: await text(page, "#presign .fields"),
    policy: JSON.parse(await text(page, "#presign pre")),
    left: await text(page, "#time-left"),
    progress: await page.locator("#post progress").evaluate((bar) => bar.value),
    inView: await page.locator("#post progress").evaluate((bar) => bar.getBoundingClientRect().bottom <= innerHeight),
    answer: await text(page, "#post pre"),
    key: JSON.parse(await text(page, "#register pre")).s3_key,
    width: await page.locator("#gallery img").evaluate((image) => image.naturalWidth),
    complaints: [...page.complaints],
  };
}

/** Choose another photo while one is on its way. */
async function meanwhile(page) {
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  const presign = "**/presigned-upload-url?*";
  await page.route(presign, (route) => held.then(() => route.continue()));
  await upload(page);
  await page.setInputFiles("#photo", { name: "other.png", mimeType: "image/png", buffer: Buffer.from(BROKEN, "hex") });
  await page.waitForSelector('#chosen:text("other.png")');
  const offered = await page.locator("#go").isEnabled();
  letGo();
  await page.waitForSelector("#go:enabled");
  await page.unroute(presign);
  return { offered, registered: await text(page, "#register pre") };
}

/** Have something to look at in all of the page, and take its picture. */
async function picture(page) {
  await cleared(page);
  await page.evaluate(async (key) => {
    const headers = { "X-API-Key": key, "Content-Type": "application/json" };
    await fetch("/scanner/api/v1/sessions?page=0", { headers });
    await fetch("/scanner/api/v1/captures", { method: "POST", headers, body: '{"capture_type": "BARCODE"}' });
  }, mock.api_key);
  await uploaded(page);
  await page.waitForFunction(() => document.querySelectorAll(".exchange.broken").length === 2);
  await page.locator("#upload-title").scrollIntoViewIfNeeded();
  await shoot(page, "light");
}

/** Return what a button copies. */
async function copiedBy(page, button) {
  await page.evaluate(() => document.querySelector("#told").replaceChildren());
  await page.click(button);
  await page.waitForFunction(() => document.querySelector("#told").textContent.startsWith("Copied"));
  return page.evaluate(() => navigator.clipboard.readText());
}

async function snippets(page) {
  const copied = (where, label) => copiedBy(page, `${where} [aria-label="Copy the request as ${label}"]`);
  const [curl, fetching] = [await copied("#presign", "curl"), await copied("#presign", "fetch")];
  await go(page, "journal");
  await page.click('.exchange .line:has-text("presigned")');
  const again = await copied(".exchange .details", "curl");
  return { curl, again, status: await page.evaluate(`(async () => { ${fetching}; return response.status; })()`) };
}

/** Post a form with a field that is not what its policy says. */
async function changed(page) {
  await uploaded(page);
  await page.selectOption("#again-name", "Content-Type");
  await page.fill("#again-value", "text/html");
  await page.click("text=Post the same form again");
  const refusal = await text(page, "#post .refusal");
  await page.waitForFunction(() => document.querySelector("#told").textContent === "Post it to S3: 403");
  const inView = await page.locator("#post .refusal").evaluate((each) => each.getBoundingClientRect().bottom <= innerHeight);
  await go(page, "journal");
  const row = page.locator(".exchange", { has: page.locator(".refused") }).first();
  const said = await row.locator(".refused").innerText();
  await row.locator(".line").click();
  await row.locator("summary:text('Policy')").click();
  return { refusal, inView, said, policy: JSON.parse(await row.locator("details pre").innerText()) };
}

/** Ask for a form and get none. */
async function refused(page) {
  await uploaded(page);
  await page.selectOption("#key", "none");
  await page.click("#go");
  await page.waitForSelector("#presign .refusal");
  await page.selectOption("#key", "API key");
  return { left: await page.locator("#time-left").isVisible() };
}

/** Upload what is no picture, beyond its beginning. */
async function notes(page) {
  await go(page, "upload");
  await page.setInputFiles("#photo", { name: "notes.png", mimeType: "image/png", buffer: Buffer.from(BROKEN, "hex") });
  await page.click("#go");
  await page.waitForSelector('.steps li:nth-child(3)[data-state="done"]');
  await page.waitForFunction(() => {
    document.querySelector("#gallery figure")?.scrollIntoView(); // a picture out of sight is never asked for
    return document.querySelector("#gallery .no-picture");
  });
  return { shown: await text(page, "#gallery .no-picture") };
}

async function fault(page) {
  await go(page, "faults");
  await page.focus('[data-preset="S3 SlowDown"]');
  await page.keyboard.press("Space");
  const on = await text(page, "#standing > li");
  await upload(page);
  const refusal = await text(page, "#post .refusal");
  await go(page, "faults");
  await page.waitForFunction(() => document.querySelector("#standing .struck")?.textContent === "applied 1");
  await page.click('#standing [aria-label="Switch off S3 SlowDown"]');
  await page.waitForSelector("#standing-empty:not([hidden])");
  return { on, refusal, checked: await page.locator('[data-preset="S3 SlowDown"]').isChecked(), standing: await page.locator("#standing > li").count() };
}

/** Switch on a fault by the form, which is made from the control API's schema. */
async function anyFault(page) {
  await page.click("text=Any other fault");
  await page.fill("#fault-effect-status", "418");
  await page.fill("#fault-match-operation", "get_session");
  await page.fill("#fault-all-times", "2");
  await page.click("#fault-form .primary");
  const on = await text(page, "#standing > li");
  await page.fill("#fault-match-operation", "get_sesion");
  await page.click("#fault-form .primary");
  const refusal = await text(page, "#fault-refused .refusal");
  await page.click("#faults-off");
  await page.waitForSelector("#standing-empty:not([hidden])");
  return { on, refusal };
}

async function violation(page) {
  await cleared(page);
  await page.evaluate(
    ([key, hostile]) =>
      fetch(`/scanner/api/v1/captures?${hostile}`, {
        method: "POST",
        headers: { "X-API-Key": key, "Content-Type": "application/json", "X-Mock-Scope": hostile },
        body: JSON.stringify({ session_short_id: `${hostile}\u202e` }),
      }),
    [mock.api_key, HOSTILE],
  );
  const row = page.locator(".exchange.broken").first();
  const sentence = await row.locator(".violations li").first().innerText();
  await row.locator(".line").click();
  await row.locator(".messages").waitFor();
  return {
    sentence,
    colour: await row.locator(".violations li").first().evaluate((item) => getComputedStyle(item).color),
    body: await row.locator(".messages section").first().innerText(),
    images: await row.locator("img").count(),
    title: await page.title(),
    badge: await text(page, "#journal-badge"),
  };
}

async function filter(page) {
  await uploaded(page);
  await go(page, "journal");
  await page.waitForSelector(".exchange .mark:text('S3')");
  const shown = () => page.locator(".exchange .method").allInnerTexts();
  const by = async (fill) => {
    await fill();
    const rows = await shown();
    await page.locator("#journal-filter").evaluate((form) => (form.reset(), form.elements[0].dispatchEvent(new Event("input"))));
    return rows;
  };
  const downloading = page.waitForEvent("download");
  await page.click("#journal-har");
  const har = await downloading;
  return {
    all: await shown(),
    s3: await by(() => page.selectOption("#filter-server", "s3")),
    refused: await by(() => page.selectOption("#filter-status", "4")),
    violations: await by(() => page.check('[name="violations"]')),
    text: await by(() => page.fill("#filter-text", "presigned-UPLOAD")),
    har: har.suggestedFilename(),
  };
}

async function many(page) {
  const fault = JSON.stringify({ match: { path: "/nowhere" }, times: MANY + 1, effect: { status: 418 } });
  await page.evaluate(
    async ([count, body]) => {
      await fetch("/_mock/faults", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      await Promise.all(Array.from({ length: count }, () => fetch("/nowhere"))); // a fault counts in no rate limit
      await fetch("/nowhere?last");
    },
    [MANY, fault],
  );
  await page.waitForSelector('.exchange .target:text("last")'); // what comes after the journal is cleared stays
  await page.waitForFunction(() => document.querySelector("#journal-count").textContent.startsWith("the latest 200 of 2"));
  const rows = await page.locator(".exchange").count();
  await cleared(page);
  await page.waitForFunction(() => !document.querySelector(".exchange"));
  return { rows };
}

async function time(page) {
  await uploaded(page);
  await go(page, "state");
  await page.click('[data-clock*="3600"]');
  await page.waitForFunction(() => document.querySelector("#offset").textContent.startsWith("+1 h"));
  await go(page, "upload");
  await page.waitForFunction(() => document.querySelector("#time-left").textContent === "expired");
  await page.click("text=Post the same form again");
  const refusal = await text(page, "#post .refusal");
  await go(page, "state");
  await page.click("text=Reset clock");
  await page.waitForFunction(() => document.querySelector("#offset").textContent === "as the machine's");
  return { refusal };
}

async function scan(page) {
  await page.click("#scan-form button");
  await page.waitForSelector('#captures .chip[data-status="COMPLETED"]');
  return { row: await text(page, "#captures tr"), moved: await page.locator("#captures .reached").count() };
}

async function reset(page) {
  const there = await page.locator("#photos figure").count();
  await page.fill("#snapshot-name", "before");
  await page.click("#snapshot-form button");
  await page.waitForSelector('[aria-label="Restore before"]');
  await page.click("#reset");
  await page.click('#reset-dialog button[value="reset"]');
  await page.waitForFunction(() => !document.querySelector("#photos figure"));
  await page.click('[aria-label="Restore before"]');
  await page.waitForSelector("#photos figure");
  return { there, again: await page.locator("#photos figure").count(), sent: await text(page, "#sent-count") };
}

/** Return what axe-core finds serious in views. */
async function found(page, views = VIEWS) {
  const serious = [];
  await page.evaluate(axe.source); // by the debugger: the page's policy lets no script in
  for (const view of views) {
    await go(page, view);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const worst = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    serious.push(...worst.map(({ id, nodes }) => `${view}: ${id}: ${nodes.map(({ target }) => target).join(", ")}`));
  }
  return serious;
}

async function shoot(page, name) {
  if (!SCREENSHOTS) return;
  await page.evaluate(() => delete document.querySelector("#told").dataset.shown);
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
}

async function dark() {
  const page = await opened(mock.api, { colorScheme: "dark", viewport: { width: 1280, height: 800 } }, "#faults");
  await live(page);
  await page.click('[data-preset="Unavailable"]');
  await page.waitForSelector("#standing > li");
  await page.evaluate((key) => fetch("/scanner/api/v1/sessions", { headers: { "X-API-Key": key } }), mock.api_key);
  await page.waitForFunction(() => document.querySelector("#standing .struck")?.textContent === "applied 1");
  await page.waitForSelector(".exchange .fault");
  await shoot(page, "dark");
  const serious = await found(page);
  await page.reload();
  await live(page);
  const types = await page.locator("#photo-type option").count();
  await go(page, "faults");
  await page.click("#faults-off");
  await page.waitForSelector("#standing-empty:not([hidden])");
  return { serious, types, background: await page.evaluate(() => getComputedStyle(document.body).backgroundColor) };
}

/** Switches where the user's own colours are forced upon the page. */
async function forced() {
  const page = await opened(mock.api, { forcedColors: "active" }, "#faults");
  await live(page);
  await page.evaluate(() => {
    for (const id of ["switched-off", "switched-on"]) {
      const copy = Object.assign(document.querySelector("#presets input").cloneNode(), { id, checked: id === "switched-on" });
      document.querySelector("main").append(copy); // where the page leaves it as it is
    }
  });
  const off = await page.locator("#switched-off").screenshot();
  const on = await page.locator("#switched-on").screenshot();
  return { seen: !on.equals(off) };
}

async function narrow() {
  const page = await opened(mock.api, { viewport: { width: 360, height: 720 }, deviceScaleFactor: 1.5 }, "#journal");
  await live(page);
  await page.waitForSelector(".exchange");
  await page.selectOption("#filter-server", "api");
  await shoot(page, "narrow");
  const long = JSON.stringify({ name: "x".repeat(150), effect: { status: 418 }, match: { path: "/nowhere" } });
  await page.evaluate((body) => fetch("/_mock/faults", { method: "POST", headers: { "Content-Type": "application/json" }, body }), long);
  await page.waitForSelector("#standing > li", { state: "attached" });
  const widths = {};
  let cut = 0;
  for (const view of VIEWS) {
    await go(page, view);
    widths[view] = await page.evaluate(() => document.documentElement.scrollWidth);
    cut += await page.evaluate(() => [...document.querySelectorAll(".wide-table")].filter((each) => each.scrollWidth > each.clientWidth).length);
  }
  const links = await page.locator("header p a:visible").allTextContents();
  await go(page, "faults");
  await page.click("#faults-off");
  await page.waitForSelector("#standing-empty:not([hidden])");
  return { widths, cut, links };
}

async function keyboard(page) {
  await go(page, "upload");
  await page.focus("nav a");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.body.dataset.view === "products");
  const unseen = await page.evaluate(() => {
    const unseen = [];
    for (const each of document.querySelectorAll("a, button:enabled, input, select, summary")) {
      each.focus({ focusVisible: true });
      if (document.activeElement !== each) continue; // it is in a view that is not there
      const shown = each.id === "photo" ? document.querySelector("label[for=photo]") : each;
      if (getComputedStyle(shown).outlineStyle === "none") unseen.push(each.outerHTML.slice(0, 80));
    }
    return unseen;
  });
  return { unseen };
}

/** Drop a photo beside the zone that is for it. */
async function drop(page) {
  await go(page, "upload");
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(50)], "dropped.jpg", { type: "image/jpeg" }));
    document.querySelector("#upload-title").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  });
  return { chosen: await text(page, "#chosen") };
}

/** A page that cannot listen at first. */
async function missed() {
  const page = await opened(null);
  await page.route("**/_mock/events?*", (route) => route.abort());
  await page.goto(`${mock.api}/_mock/console#journal`);
  await page.waitForSelector('#connection[data-state="gone"]:has-text("reconnecting")');
  await page.evaluate(() => fetch("/scanner/api/v1/missed"));
  await page.unroute("**/_mock/events?*");
  await live(page);
  await page.waitForSelector('.exchange .target:text("/missed")');
  return { rows: await page.locator('.exchange .target:text("/missed")').count() };
}

/** Respond differently, once, to a request that the journal has. */
async function overridden(page) {
  await cleared(page);
  const status = () => page.evaluate(async () => (await fetch("/scanner/api/v1/sessions")).status);
  await status();
  await page.click('.exchange .line:has-text("/sessions")');
  await page.click(".details summary:text('Respond differently')");
  const form = page.locator(".details form").first();
  const before = await form.locator("textarea").last().inputValue();
  const serious = await found(page, ["journal"]);
  await form.getByLabel("Body").fill('{"status": "x"}');
  const violations = form.locator(".violations-live li", { hasText: "/body" });
  await violations.first().waitFor();
  const violation = await violations.first().innerText();
  await form.getByLabel("Status").fill("418");
  await form.getByLabel("Headers").fill("{");
  await form.locator("button").click();
  const refusal = await form.locator('[role="alert"]').innerText();
  await form.getByLabel("Headers").fill("{}");
  await form.getByLabel("How often").selectOption("1");
  await form.locator("button").click();
  await page.waitForFunction(() => document.querySelector("#told").textContent === "The mock responds differently now");
  const statuses = [await status(), await status()];
  await page.waitForSelector(".exchange .mark.fault:text('override')");
  await go(page, "faults");
  await page.waitForSelector("#standing > li");
  const standing = await text(page, "#standing > li");
  await page.click("summary:text('Another response to an operation')");
  await page.selectOption("#override-operation", { index: 1 });
  const other = page.locator("#override-form form");
  await other.getByLabel("Status").fill("418");
  await other.getByLabel("Save to").check();
  await other.locator("button").click();
  const unsaved = await other.locator('[role="alert"]').innerText();
  const ofOperation = await page.locator("#standing > li").count();
  await page.click("#faults-off");
  await page.waitForSelector("#standing-empty:not([hidden])");
  return { before: JSON.parse(before).status, refusal, statuses, standing, serious, violation, unsaved, ofOperation };
}

/** The mock of another contract, behind a control token. */
async function token() {
  const page = await opened(FOREIGN, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.fill("#token", "wrong");
  await page.click("#token-form button");
  await page.waitForSelector("#token-wrong:not([hidden])");
  await page.fill("#token", TOKEN);
  await page.click("#token-form button");
  await live(page);
  await page.evaluate(() => fetch("/things"));
  await page.waitForSelector(".exchange");
  const [curl, fetching] = [await copiedBy(page, '[aria-label="Copy Slow API as curl"]'), await copiedBy(page, '[aria-label="Copy Slow API as fetch"]')];
  return {
    curl,
    fetching,
    status: await page.evaluate(`(async (CONTROL_TOKEN) => { ${fetching}; return response.status; })(${JSON.stringify(TOKEN)})`),
    title: await text(page, "#title"),
    collections: await page.locator("#collections summary:has(code)").allTextContents(),
    links: await page.locator("nav a:visible").allInnerTexts(),
    servers: await page.locator("#filter-server:visible, .mark:visible:text-is('API')").count(),
    kept: await page.evaluate(() => [Object.values(sessionStorage), localStorage.length, document.cookie]),
  };
}

/** The defects of a contract, on a phone. */
async function defects() {
  const page = await opened(FOREIGN, { viewport: { width: 360, height: 720 }, deviceScaleFactor: 1.5 });
  await page.fill("#token", TOKEN);
  await page.click("#token-form button");
  await live(page);
  await go(page, "state");
  await page.click("#defects summary");
  return {
    count: await text(page, "#defects-count"),
    items: await page.locator("#defects-list li").allTextContents(),
    width: await page.evaluate(() => document.documentElement.scrollWidth),
  };
}

/** Visit each page of the mock twice, as a person does who looks around; return what the journal has in red. */
async function tour() {
  const page = await opened(null);
  const explorer = {};
  for (const start of ["/", "/_mock"]) {
    await page.goto(mock.api + start);
    await live(page);
    for (const view of VIEWS) await go(page, view);
    await uploaded(page);
    await page.goto(`${mock.api}/docs`);
    await page.waitForSelector(".opblock");
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    for (const colorScheme of ["dark", "light"]) {
      const before = await background();
      await page.emulateMedia({ colorScheme });
      await page.waitForFunction((old) => getComputedStyle(document.documentElement).backgroundColor !== old, before);
      explorer[colorScheme] = await background();
    }
    for (const path of ["/_mock/responses", "/openapi.json", "/healthz", "/readyz", "/favicon.ico", "/robots.txt", "/.well-known/security.txt"])
      await page.goto(mock.api + path);
  }
  await page.goto(mock.api);
  const { address, exchanges, red } = await page.evaluate(async () => {
    const count = async (query) => (await (await fetch(`/_mock/journal?limit=1000${query}`)).json()).exchanges;
    return { address: location.pathname, exchanges: (await count("")).length, red: await count("&violations=true") };
  });
  await live(page);
  await go(page, "journal");
  await page.waitForSelector(".exchange");
  const shown = await page.locator(".exchange.broken").count();
  await page.evaluate(() => fetch("/_mock/state/reset", { method: "POST" }));
  return { address, exchanges, red: red.map((each) => each.url), shown, explorer };
}

/** Return what axe-core finds in a page that has something wrong. */
async function wrong() {
  const page = await opened(mock.api);
  await live(page);
  await page.evaluate(() => document.querySelector("main").append(document.createElement("select")));
  return { serious: await found(page, ["upload"]) };
}

const outcomes = {};
try {
  const page = await opened(mock.api, { permissions: ["clipboard-read", "clipboard-write"], colorScheme: "light" });
  await live(page);
  const light = async () => ({ serious: await found(page) });
  const scenes = { tour, photo, snippets, picture, light, dark, forced, narrow, changed, refused, notes, meanwhile, fault, anyFault, violation, filter, many, time, scan, reset, keyboard, drop, missed, overridden, token, defects, wrong };
  for (const [name, scene] of Object.entries(scenes)) {
    outcomes[name] = await scene(page);
    for (const context of browser.contexts()) if (context !== page.context()) await context.close();
  }
  outcomes.complaints = page.complaints;
  outcomes.asked = [...asked];
} catch (error) {
  outcomes.error = String(error.stack);
} finally {
  await browser.close();
}
await writeFile("outcomes.json", JSON.stringify(outcomes));
