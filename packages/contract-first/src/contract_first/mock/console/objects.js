/** The objects of S3's buckets, by URLs that the control API signs: the page has no secret. */

import { control, Refused } from "./api.js";
import { copyButton, element, find, offer, say } from "./dom.js";
import { explained } from "./explain.js";
import { mock } from "./mock.js";
import { bytes, counted } from "./words.js";

const PAGE = "100";
const UNWATCHED = { "x-mock-unwatched": "" };
let token = "";

export function start() {
  if (!mock.seeds.s3) return;
  find("#objects-link").hidden = false;
  find("#objects-filter").addEventListener("submit", submitted(list));
  find("#objects-bucket").addEventListener("change", () => shown(list));
  find("#objects-upload").addEventListener("submit", submitted(upload));
  find("#objects-more").addEventListener("click", () => shown(() => list({ more: true })));
  addEventListener("hashchange", looked);
  looked();
}

const looked = () => location.hash === "#objects" && shown(async () => {
  const names = [...(await read("GET", {})).querySelectorAll("Bucket > Name")].map(({ textContent }) => [textContent]);
  offer(find("#objects-bucket"), names);
  await list();
});

const submitted = (doing) => (event) => {
  event.preventDefault();
  shown(doing);
};

/** Do something, and show why it was refused. */
async function shown(doing) {
  const place = find("#objects-refused");
  place.replaceChildren();
  try {
    await doing();
  } catch (refused) {
    if (!refused.answer) throw refused;
    place.replaceChildren(explained(refused));
  }
}

async function presigned(method, { key = "", query = {}, bucket = find("#objects-bucket").value, ...rest }) {
  const body = { endpoint: mock.seeds.s3, method, bucket, key, query, ...rest };
  return (await control("POST", "/s3/presigned", body)).url;
}

/** Make a request that is in no journal; return the response. */
async function request(method, what, body) {
  const url = await presigned(method, { ...what, query: { ...what.query, ...UNWATCHED } });
  const response = await fetch(url, { method, body, cache: "no-store" }).catch(() => null);
  const text = (await response?.text()) ?? "";
  if (!response?.ok) throw new Refused({ status: response?.status ?? 0, headers: [...(response?.headers ?? [])], text });
  return text;
}

const read = async (method, what) =>
  new DOMParser().parseFromString(await request(method, what.query || what.key ? what : { bucket: "", ...what }), "application/xml");

async function list({ more = false } = {}) {
  const query = { "list-type": "2", "max-keys": PAGE, prefix: find("#objects-prefix").value };
  if (more) query["continuation-token"] = token;
  const page = await read("GET", { query });
  const items = [...page.querySelectorAll("Contents")].map(itemOf);
  token = page.querySelector("NextContinuationToken")?.textContent ?? "";
  more ? find("#objects-list").append(...items) : find("#objects-list").replaceChildren(...items);
  find("#objects-more").hidden = !token;
  const count = find("#objects-list").children.length;
  find("#objects-empty").hidden = count > 0;
  find("#objects-count").textContent = `${counted(count, "object")}${token ? " and more" : ""}`;
}

const within = (node, name) => node.querySelector(name)?.textContent ?? "";

function itemOf(contents) {
  const key = within(contents, "Key");
  const details = element("details", { toggle: ({ target }) => target.open && shown(() => describe(key, target)) });
  details.append(element("summary", {}, "Versions and tags"));
  return element(
    "li",
    {},
    element("code", {}, key),
    element("span", { class: "quiet" }, `${bytes(Number(within(contents, "Size")))}, ${within(contents, "LastModified").slice(0, 19).replace("T", " ")}`),
    element("button", { type: "button", "aria-label": `Download ${key}`, click: () => shown(() => download(key)) }, "Download"),
    element("button", { type: "button", "aria-label": `Presign ${key}`, click: ({ target }) => shown(() => presign(key, target)) }, "Presign"),
    details,
  );
}

async function download(key, versionId) {
  const name = key.split("/").pop().replaceAll(/["\\]/g, "_");
  const disposition = `attachment; filename="${encodeURI(name)}"`;
  const query = { ...UNWATCHED, "response-content-disposition": disposition, ...(versionId ? { versionId } : {}) };
  const link = element("a", { href: await presigned("GET", { key, query }), download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Put what can be copied beside a button: a URL that is good for an hour, and curl with it. */
async function presign(key, button) {
  const url = await presigned("GET", { key });
  const quoted = `'${url.replaceAll("'", "'\\''")}'`;
  button.replaceWith(copyButton("URL", () => url, `URL of ${key}`), copyButton("curl", () => `curl -fsS ${quoted}`, `curl of ${key}`));
  say("Good for an hour");
}

async function describe(key, details) {
  const [versions, tags] = await Promise.all([
    read("GET", { query: { versions: "", prefix: key, "max-keys": PAGE } }),
    read("GET", { key, query: { tagging: "" } }),
  ]);
  const mine = [...versions.querySelectorAll("Version, DeleteMarker")].filter((node) => within(node, "Key") === key);
  const pairs = [...tags.querySelectorAll("Tag")].map((tag) => `${within(tag, "Key")}=${within(tag, "Value")}`);
  details.querySelector("ul")?.remove();
  details.append(
    element(
      "ul",
      { class: "list" },
      element("li", {}, pairs.length ? `Tags: ${pairs.join(", ")}` : "No tags."),
      mine.map((node) => versionOf(key, node)),
    ),
  );
}

function versionOf(key, node) {
  const id = within(node, "VersionId");
  const isMarker = node.tagName === "DeleteMarker";
  const facts = [isMarker ? "delete marker" : bytes(Number(within(node, "Size"))), within(node, "LastModified").slice(0, 19).replace("T", " ")];
  if (within(node, "IsLatest") === "true") facts.push("latest");
  return element(
    "li",
    {},
    element("code", {}, id),
    element("span", { class: "quiet" }, facts.join(", ")),
    !isMarker && element("button", { type: "button", "aria-label": `Download ${key}, version ${id}`, click: () => shown(() => download(key, id)) }, "Download"),
  );
}

async function upload() {
  const [file] = find("#objects-file").files;
  await request("PUT", { key: find("#objects-prefix").value + file.name }, file);
  find("#objects-upload").reset();
  say(`Uploaded ${file.name}`);
  await list();
}
