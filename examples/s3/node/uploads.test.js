import assert from "node:assert/strict";
import test from "node:test";
import { store } from "./uploads.js";

test("the URL shows the photo", async () => {
  const response = await fetch(await store("photos", "cat.jpg", "a cat"));
  assert.equal(await response.text(), "a cat");
  assert.equal(response.headers.get("content-type"), "image/jpeg");
});

test("the URL shows no other photo", async () => {
  const url = await store("photos", "cat.jpg", "a cat");
  await store("photos", "dog.jpg", "a dog");
  assert.equal((await fetch(url.replace("cat.jpg", "dog.jpg"))).status, 403);
});
