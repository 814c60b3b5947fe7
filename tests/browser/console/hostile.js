// What a web page that a developer visits, and what others have sent, can do to a mock; prints what was seen as JSON.
import { writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const { CHROMIUM, CHROMIUM_FLAGS, EVIL, API, FOREIGN, PROXY, STORED, FORM, HOSTILE } = process.env;
const EVIL_IS_LOOPBACK = "--host-resolver-rules=MAP evil.test 127.0.0.1";
const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_FLAGS.split(" "), EVIL_IS_LOOPBACK] });
const context = await browser.newContext();
const page = await context.newPage();
page.setDefaultTimeout(60_000); // of a busy machine

/** Return what a page of another site gets by calling the control API in every way that a page has. */
async function called() {
  await page.goto(EVIL);
  return page.evaluate(async (api) => {
    const fault = JSON.stringify({ effect: { status: 503 } });
    const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: fault };
    const outcome = (url, options) => fetch(url, options).then((answer) => answer.type, () => "failed");
    const script = document.createElement("script");
    script.src = `${api}/_mock/journal`;
    const loaded = new Promise((resolve) => {
      script.onload = () => resolve("loaded");
      script.onerror = () => resolve("failed");
    });
    document.head.append(script);
    return {
      json: await outcome(`${api}/_mock/faults`, json),
      simple: await outcome(`${api}/_mock/faults`, { method: "POST", mode: "no-cors", body: fault }),
      read: await outcome(`${api}/_mock/journal`),
      included: await outcome(`${api}/_mock/journal`, { credentials: "include" }),
      events: await new Promise((resolve) => {
        const events = new EventSource(`${api}/_mock/events`);
        events.onopen = () => resolve("open");
        events.onerror = () => resolve("failed");
      }),
      script: await loaded,
    };
  }, API);
}

/** Return the statuses that an app of another origin gets from the APIs, with what its libraries send beside. */
async function instrumented() {
  await page.goto(EVIL);
  const names = ["sentry-trace", "baggage", "traceparent", "x-requested-with", "x-csrf-token"];
  const headers = Object.fromEntries(names.map((name) => [name, "1"]));
  const urls = [`${API}/scanner/api/v1/sessions`, `${FOREIGN}/page`, `${API}/_mock/journal`];
  return page.evaluate(([urls, headers]) => {
    const options = { credentials: "include", headers: { ...headers, Authorization: "Bearer x" } };
    return Promise.all(urls.map((url) => fetch(url, options).then((response) => response.status, () => "failed")));
  }, [urls, headers]);
}

/** Send a form of another site's page to the control API. */
async function submitted() {
  await page.goto(EVIL);
  await page.evaluate((api) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: `${api}/_mock/state/reset` });
    document.body.append(form);
    form.submit();
  }, API);
  await page.waitForURL(`${API}/**`);
  return JSON.parse(await page.innerText("body")).status;
}

/** Ask as a page of another site whose name has come to stand for this machine: to the browser all is its own. */
async function rebound(origin, path) {
  const url = new URL(path, origin);
  url.hostname = "evil.test";
  await page.goto(url.href);
  return page.evaluate((where) => fetch(where).then((answer) => answer.status), url.pathname);
}

/** Store a page in S3 from another site, by a form of public credentials, and open it, and one of a contract. */
async function planted() {
  await page.goto(EVIL);
  await page.evaluate(
    ([{ url, fields }, hostile]) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", new Blob([`<title>page</title>${hostile}`]));
      return fetch(url, { method: "POST", body: form });
    },
    [JSON.parse(FORM), HOSTILE],
  );
  const titles = {};
  for (const [name, url] of Object.entries({ object: STORED, example: `${FOREIGN}/page` })) {
    await page.goto(url);
    titles[name] = await page.title();
  }
  return titles;
}

/** Look at what others have sent in the console's journal, all of it. */
async function shown(mock) {
  await page.goto(`${mock}/_mock/console#journal`);
  await page.waitForSelector('#connection[data-state="live"]');
  const rows = page.locator(".exchange");
  await rows.first().waitFor();
  const count = await rows.count();
  for (let at = 0; at < count; at += 1) {
    await rows.nth(at).locator(".line").click();
    await rows.nth(at).locator(".messages").waitFor();
  }
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  return {
    rows: count,
    text: await rows.allInnerTexts(),
    title: await page.title(),
    markup: await page.locator(`.exchange img, .exchange svg, .exchange script, a[href^="javascript:"], iframe`).count(),
  };
}

const outcomes = {};
try {
  outcomes.called = await called();
  outcomes.instrumented = await instrumented();
  outcomes.submitted = await submitted();
  outcomes.rebound = [await rebound(API, "/_mock/journal"), await rebound(PROXY, "/page")];
  outcomes.planted = await planted();
  outcomes.shown = { own: await shown(API), foreign: await shown(FOREIGN) };
} catch (error) {
  outcomes.error = String(error.stack);
} finally {
  await browser.close();
}
await writeFile("outcomes.json", JSON.stringify(outcomes));
