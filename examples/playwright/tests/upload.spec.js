// `scanner-api mock exec` starts the mock, tells Vite and the tests where it is, and ends it after them.
import { expect, test } from "@playwright/test";

const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==", "base64");
// A PNG, with nothing behind its end; S3 and the API look at its beginning.
const photo = (size) => ({ name: "tin.png", mimeType: "image/png", buffer: Buffer.concat([PIXEL], size) });

// What a test does to the mock is for requests of its own scope, so that tests run side by side.
test.beforeEach(async ({ page }, { testId }) => {
  await page.setExtraHTTPHeaders({ "X-Mock-Scope": testId });
  await page.goto("/");
});

test("a photo goes into S3, and into the gallery", async ({ page }) => {
  await page.getByLabel("Photo of the front").setInputFiles(photo(2048));
  await expect(page.getByRole("status")).toHaveText("tin.png is uploaded.");
  await expect(page.getByRole("listitem")).toHaveText(["front, 2048 bytes"]);
});

test("an empty photo is refused, and the page says why", async ({ page }) => {
  await page.getByLabel("Photo of the front").setInputFiles(photo(0));
  await expect(page.getByRole("alert")).toContainText("smaller than the minimum allowed size");
  await expect(page.getByRole("listitem")).toHaveCount(0);
});

test("a gallery without photos", async ({ page, request }, { testId: scope }) => {
  const override = { match: { operation: "list_photos" }, effect: { patch: { body: { data: [] } } }, scope };
  expect(await request.post(`${process.env.SCANNER_CONTROL_URL}/overrides`, { data: override })).toBeOK();
  await page.getByLabel("Photo of the front").setInputFiles(photo(2048));
  await expect(page.getByRole("status")).toHaveText("tin.png is uploaded.");
  await expect(page.getByRole("listitem")).toHaveCount(0);
});

test("S3 that is too busy is told, and the next try succeeds", async ({ page, request }, { testId: scope }) => {
  const fault = { on: "s3", match: { method: "POST" }, effect: { status: 503, s3_code: "SlowDown" }, times: 1, scope };
  expect(await request.post(`${process.env.SCANNER_CONTROL_URL}/faults`, { data: fault })).toBeOK();
  await page.getByLabel("Photo of the front").setInputFiles(photo(2048));
  await expect(page.getByRole("alert")).toHaveText("Please reduce your request rate.");
  await page.getByLabel("Photo of the front").setInputFiles(photo(1024));
  await expect(page.getByRole("listitem")).toHaveText(["front, 1024 bytes"]);
  await expect(page.getByRole("alert")).toBeEmpty();
});
