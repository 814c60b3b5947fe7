// `scanner-api mock exec` starts the mock, tells Vite and the tests where it is, and ends it after them.
import { expect, test } from "@playwright/test";

const photo = (size) => ({ name: "tin.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(size, 7) });

test.beforeEach(({ page }) => page.goto("/"));

test("a photo goes into S3, and into the gallery", async ({ page }) => {
  await page.getByLabel("Photo of the front").setInputFiles(photo(2048));
  await expect(page.getByRole("status")).toHaveText("tin.jpg is uploaded.");
  await expect(page.getByRole("listitem")).toHaveText(["front, 2048 bytes"]);
});

test("an empty photo is refused, and the page says why", async ({ page }) => {
  await page.getByLabel("Photo of the front").setInputFiles(photo(0));
  await expect(page.getByRole("alert")).toContainText("smaller than the minimum allowed size");
  await expect(page.getByRole("listitem")).toHaveCount(0);
});
