/** What there is in the mock, and how it is set: sessions, captures, photos, keys, time and snapshots. */

import { control, controlRequest, send } from "./api.js";
import { arrange, copyButton, element, find, offer, say, seen } from "./dom.js";
import { explained } from "./explain.js";
import { ask, changed, mock, on } from "./mock.js";
import { photoFigure } from "./photos.js";
import { snippetButtons } from "./snippets.js";
import { bytes, counted, dateAndTime, timeOfDay } from "./words.js";

const HOUR = 3600;

export function start() {
  find("#keys").append(...keyItems());
  offer(find("#capture-type"), mock.contract.values(mock.contract.member("create_capture", "capture_type")).map((type) => [type]));
  for (const button of document.querySelectorAll("[data-clock]")) {
    button.addEventListener("click", () => turn(JSON.parse(button.dataset.clock)));
  }
  find("#freeze").addEventListener("change", ({ target }) => turn({ freeze: target.checked }));
  find("#set-clock").addEventListener("submit", setClock);
  find("#snapshot-form").addEventListener("submit", takeSnapshot);
  find("#reset").addEventListener("click", () => find("#reset-dialog").showModal());
  find("#reset-dialog").addEventListener("close", ({ target }) => target.returnValue === "reset" && beginAgain());
  find("#scan-form").addEventListener("submit", scan);
  on("state", show);
  on("clock", showClock);
  setInterval(showClock, 1000);
}

function keyItems() {
  const { api_key, keys = {}, bearer_token, sessionid, session_id, completed_session_id, api, s3, bucket } = mock.seeds;
  const special = Object.entries(keys).map(([name, key]) => [`${name.replaceAll("_", " ")} key`, key]);
  const all = [
    ["API key", api_key],
    ...special,
    ["bearer token", bearer_token],
    ["sessionid cookie", sessionid],
    ["active session", session_id],
    ["completed session", completed_session_id],
    ["API", api],
    ["S3", s3],
    ["bucket", bucket],
  ];
  return all.filter(([, value]) => value).flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", { title: value }, element("code", {}, value), copyButton("copy", () => value, name)),
  ]);
}

function show() {
  const { sessions, captures, photos, objects, snapshots } = mock.state;
  fill("sessions", sessions, sessionRow, renewSession);
  fill("captures", captures, captureRow, renewCapture);
  fill("photos", photos, photoFigure);
  find("#objects").textContent = `${counted(objects.count, "object")}, ${bytes(objects.bytes)}`;
  const named = snapshots.map((name) => ({ id: name }));
  arrange(find("#snapshots"), named, ({ id }) => id, snapshotItem);
}

function fill(name, items, make, renew) {
  arrange(find(`#${name}`), items, ({ id }) => id, make, renew);
  find(`#${name}-count`).textContent = String(items.length);
  find(`#${name}-empty`).hidden = items.length > 0;
}

const idCell = (id) => element("th", { scope: "row" }, copyButton(id, () => id, `id ${id}`));

function sessionRow({ id, created }) {
  return element(
    "tr",
    {},
    idCell(id),
    element("td", {}, element("span", { class: "chip" })),
    element("td", { class: "number" }),
    element("td", { class: "number" }),
    element("td", { class: "extraction" }),
    element("td", { title: dateAndTime(created) }, timeOfDay(created)),
  );
}

function renewSession(row, { status, capture_count, photo_count, extraction_status }) {
  const chip = row.querySelector(".chip");
  chip.textContent = status;
  chip.dataset.status = status;
  [row.cells[2].textContent, row.cells[3].textContent, row.cells[4].textContent] = [capture_count, photo_count, extraction_status];
}

function captureRow({ id, capture_type, raw_value, created }) {
  return element(
    "tr",
    {},
    idCell(id),
    element("td", {}, element("span", { class: "track", "aria-hidden": "true" }), element("span", { class: "chip" })),
    element("td", { class: "what", title: raw_value }, element("span", { class: "quiet" }, capture_type), " ", element("code", {}, raw_value)),
    element("td", { class: "product" }),
    element("td", { title: dateAndTime(created) }, timeOfDay(created)),
  );
}

/** Show how far a capture has come: a mark for each state on the way. */
function renewCapture(row, { status, product_name, error_message }) {
  const { steps, ends } = mock.captureStates();
  const [chip, track] = [row.querySelector(".chip"), row.querySelector(".track")];
  const reached = ends.includes(status) ? steps.length : steps.indexOf(status) + 1;
  if (chip.textContent !== status) {
    chip.textContent = status;
    chip.dataset.status = status;
    const marks = steps.map((_, index) => element("i", { class: index < reached ? "reached" : "" }));
    track.replaceChildren(...marks);
    track.dataset.moving = String(!ends.includes(status));
    track.dataset.status = status;
  }
  row.querySelector(".product").textContent = seen(product_name || error_message || "");
}

function snapshotItem({ id: name }) {
  const request = () => controlRequest("POST", "/state/restore", { name });
  return element(
    "li",
    {},
    element("b", {}, name),
    snippetButtons(request, `restoring ${name}`),
    element("button", { type: "button", "aria-label": `Restore ${name}`, click: () => restore(name) }, "Restore"),
  );
}

const restore = (name) => act(() => control("POST", "/state/restore", { name }), `All is as in ${name}`);

function takeSnapshot(event) {
  event.preventDefault();
  const { name } = event.target.elements;
  act(() => control("POST", "/state/snapshot", { name: name.value }), `Kept as ${name.value}`).then(() => event.target.reset());
}

function beginAgain() {
  const keep = [...find("#reset-dialog").querySelectorAll("[name=keep]:checked")].map(({ value }) => value);
  act(() => control("POST", "/state/reset", { keep }), "The mock began again");
}

async function act(doing, told) {
  const place = find("#state-refused");
  place.replaceChildren();
  try {
    await doing();
    say(told);
  } catch (refused) {
    if (!refused.answer) throw refused;
    place.replaceChildren(explained(refused));
  }
  await ask();
}

const turn = (change) => act(async () => changed("clock", await control("POST", "/clock", change)), "The clock is set");

function setClock(event) {
  event.preventDefault();
  turn({ now: `${event.target.elements.now.value}Z` });
}

function showClock() {
  const { frozen, offset_seconds } = mock.clock;
  const now = mock.now();
  for (const place of document.querySelectorAll(".mock-time")) {
    place.textContent = place.dataset.date === undefined ? timeOfDay(now) : dateAndTime(now);
    place.dataset.frozen = String(frozen);
  }
  find("#freeze").checked = frozen;
  find("#offset").textContent = frozen ? "stands still" : offsetText(offset_seconds);
}

function offsetText(seconds) {
  if (Math.abs(seconds) < 1) return "as the machine's";
  const [amount, unit] = Math.abs(seconds) < HOUR ? [seconds / 60, "min"] : [seconds / HOUR, "h"];
  return `${amount > 0 ? "+" : "\u2212"}${Math.abs(Math.round(amount * 10) / 10)} ${unit} from the machine's`;
}

async function scan(event) {
  event.preventDefault();
  const { raw_value, capture_type } = event.target.elements;
  const json = { session_short_id: mock.seeds.session_id, capture_type: capture_type.value, raw_value: raw_value.value };
  const request = mock.contract.request("create_capture", { json, headers: { "X-API-Key": mock.seeds.api_key } });
  await act(() => send(request), `${raw_value.value} is scanned`);
}
