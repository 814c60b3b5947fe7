// Works with the objects of an S3 in Chromium, at the width of a phone, and writes what was seen as JSON.
import { readFile, writeFile } from "node:fs/promises";
import axe from "axe-core";
import { chromium } from "playwright-core";

const { CHROMIUM, CHROMIUM_FLAGS, CONTROL, S3, FILE, SCREENSHOTS } = process.env;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS.split(" ") });
const outcomes = {};

try {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, acceptDownloads: true });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // of a busy machine
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${CONTROL}/console#objects`);
  await page.waitForSelector('#objects-list code:text-is("a/one.txt")');
  outcomes.buckets = await page.locator("#objects-bucket option").allInnerTexts();
  await page.fill("#objects-prefix", "up/");
  await page.setInputFiles("#objects-file", FILE);
  await page.click("#objects-upload button");
  await page.waitForSelector('#objects-list code:text-is("up/photo ü.txt")');
  outcomes.listed = await page.locator("#objects-list > li > code").allInnerTexts();
  const [download] = await Promise.all([page.waitForEvent("download"), page.click('[aria-label="Download up/photo ü.txt"]')]);
  outcomes.downloaded = await readFile(await download.path(), "utf-8");
  outcomes.name = download.suggestedFilename();
  await page.click('[aria-label="Presign up/photo ü.txt"]');
  await page.click('[aria-label="Copy curl of up/photo ü.txt"]');
  await page.waitForFunction(() => document.querySelector("#told").textContent.startsWith("Copied"));
  outcomes.curl = await page.evaluate(() => navigator.clipboard.readText());
  await page.fill("#objects-prefix", "a/");
  await page.click("#objects-filter button");
  await page.waitForSelector('#objects-list code:text-is("a/one.txt")');
  await page.click("#objects-list summary");
  await page.waitForSelector('#objects-list details li:has-text("latest")');
  outcomes.details = await page.locator("#objects-list details li").allInnerTexts();
  outcomes.overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.evaluate(axe.source);
  outcomes.axe = await page.evaluate(async () => (await axe.run()).violations.map(({ id }) => id));
  if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/objects.png`, fullPage: true });
  outcomes.complaints = [...complaints];
  outcomes.unsigned = await page.evaluate(
    (url) => fetch(`${url}/photos/a/one.txt?x-mock-unwatched=`).then(() => "read", () => "refused"),
    S3,
  );
} catch (error) {
  outcomes.error = String(error.stack ?? error);
}
await browser.close();
await writeFile("outcomes.json", JSON.stringify(outcomes));
