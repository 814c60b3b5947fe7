// `scanner-api mock exec` starts the mock, tells the tests where it is, and ends it after them.
import { beforeEach, expect, test } from "vitest";
import { Scanner } from "../src/scanner.js";

const { SCANNER_API_URL, SCANNER_CONTROL_URL, SCANNER_API_KEY_PUBLISHABLE, SCANNER_API_KEY_EXPIRING } = process.env;
const scanner = new Scanner(SCANNER_API_URL, SCANNER_API_KEY_PUBLISHABLE);
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="; // a PNG
const photo = new File([Buffer.from(PIXEL, "base64")], "tin.png", { type: "image/png" });
let session;

/** Have something done to the mock: set it back, have it fail. */
async function control(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(SCANNER_CONTROL_URL + path, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.ok).toBe(true);
}

beforeEach(async () => {
  await control("/state/reset", {});
  session = await scanner.openSession();
});

test("a photo goes into S3, and into the gallery of its session", async () => {
  const registered = await scanner.uploadPhoto(session, photo, "front");
  const gallery = await scanner.photosOf(session);
  expect(gallery).toEqual([registered]);
  expect(registered).toMatchObject({ photo_type: "front", original_filename: "tin.png", file_size: 70 });
});

test("an empty photo is refused by S3, as it would be in production", async () => {
  const empty = new File([], "empty.jpg", { type: "image/jpeg" });
  await expect(scanner.uploadPhoto(session, empty, "front")).rejects.toMatchObject({ status: 400 });
  expect(await scanner.photosOf(session)).toEqual([]);
});

test("a photo type that does not exist is refused with the reason", async () => {
  await expect(scanner.uploadPhoto(session, photo, "sideways")).rejects.toThrow(/photo_type/);
});

test("a key that expires while the app runs is told as such", async () => {
  const expiring = new Scanner(SCANNER_API_URL, SCANNER_API_KEY_EXPIRING);
  await expect(expiring.openSession()).resolves.toMatch(/^\w{22}$/);
  await control("/clock", { advance_seconds: 12 * 60 * 60 });
  await expect(expiring.openSession()).rejects.toThrow(/expired/);
});

test("a photo whose name is longer than any card is still listed", async () => {
  const name = `${"x".repeat(300)}.jpg`;
  await scanner.uploadPhoto(session, photo, "front");
  await control("/overrides", { match: { operation: "list_photos" }, effect: { patch: { members: { "/data/0/original_filename": name } } } });
  expect(await scanner.photosOf(session)).toMatchObject([{ original_filename: name }]);
});

test("an API that is down is told as such, and the next try succeeds", async () => {
  await control("/faults", { match: { operation: "create_session" }, effect: { status: 503 }, times: 1 });
  await expect(scanner.openSession()).rejects.toMatchObject({ status: 503 });
  await expect(scanner.openSession()).resolves.toMatch(/^\w{22}$/);
});
