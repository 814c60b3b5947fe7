// Has each library upload in Chromium, and writes what came of it to outcomes.json.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const { CHROMIUM, CHROMIUM_FLAGS, UPLOADS } = process.env;

/** Return the library's page as a script that leaves its functions in `library`. */
async function bundled(name) {
  const { outputFiles } = await build({
    entryPoints: [`${name}.js`],
    bundle: true,
    format: "iife",
    globalName: "library",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** Upload so many bytes, by the library that is loaded; in the page. */
async function uploadInPage({ how, form, size }) {
  const file = new File([new Uint8Array(size).map((_, index) => index % 251)], "tin.jpg", { type: "image/jpeg" });
  try {
    return { location: await library[how](form, file) };
  } catch (error) {
    return { error: String(error.message) };
  }
}

async function upload(browser, origin, { library, ...wanted }) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(origin);
  await page.addScriptTag({ content: await bundled(library) });
  const outcome = await page.evaluate(uploadInPage, wanted);
  await page.close();
  return { ...outcome, complaints };
}

const server = createServer((_, answer) =>
  answer.setHeader("Content-Type", "text/html").end('<!doctype html><link rel="icon" href="data:,"><body>'),
);
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS.split(" ") });
try {
  const origin = `http://127.0.0.1:${server.address().port}/`;
  const outcomes = {};
  for (const [name, wanted] of Object.entries(JSON.parse(UPLOADS))) outcomes[name] = await upload(browser, origin, wanted);
  await writeFile("outcomes.json", JSON.stringify(outcomes));
} finally {
  await browser.close();
  server.close();
}
