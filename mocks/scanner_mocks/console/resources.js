/** What is in the mock: sessions, captures, photos and snapshots. */

import { control, controlRequest, send } from "./api.js";
import { arrange, copyButton, element, find, offer, seen } from "./dom.js";
import { mock, on } from "./mock.js";
import { photoFigure } from "./photos.js";
import { captureButtons, heldIds } from "./pipeline.js";
import { snippetButtons } from "./snippets.js";
import { act } from "./state.js";
import { bytes, counted, dateAndTime, timeOfDay } from "./words.js";

export function start() {
  offer(find("#capture-type"), mock.contract.values(mock.contract.member("create_capture", "capture_type")).map((type) => [type]));
  find("#snapshot-form").addEventListener("submit", takeSnapshot);
  find("#scan-form").addEventListener("submit", scan);
  const { enum: fields } = mock.control.document.components.schemas.ChosenProposal.properties.field_name;
  offer(find("#proposal-field"), fields.map((field) => [field]));
  find("#proposal-form").addEventListener("submit", propose);
  on("state", show);
}

/** Return the states that a capture goes through until it is done, and all that are its end. */
function captureStates() {
  const states = mock.contract.document.components?.schemas?.CaptureProcessingStatusEnum?.enum ?? [];
  const end = states.indexOf("COMPLETED") + 1;
  return { steps: states.slice(0, end), ends: states.slice(end - 1) };
}

/** Return whether a capture is still being processed, and is not held. */
export function isMoving(state) {
  const { ends } = captureStates();
  const held = heldIds(state);
  return state.captures.some(({ id, status }) => !ends.includes(status) && !held.has(id));
}

function show() {
  const { sessions, captures, photos, objects, snapshots, pipeline } = mock.state;
  fill("sessions", sessions, sessionRow, renewSession);
  fill("captures", captures, captureRow, renewCapture);
  fill("photos", photos, photoFigure);
  offer(find("#raw-values"), Object.entries(pipeline.raw_values));
  offer(find("#proposal-capture"), captures.map(({ id, product_name, raw_value }) => [id, seen(product_name || raw_value || id)]));
  find("#proposal-form").hidden = captures.length === 0;
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
    element("td", { class: "control" }, element("button", { type: "button", "aria-label": `Expire ${id}`, click: () => expire(id) }, "Expire")),
  );
}

function renewSession(row, { status, capture_count, photo_count, extraction_status }) {
  const chip = row.querySelector(".chip");
  chip.textContent = status;
  chip.dataset.status = status;
  row.querySelector(".control").hidden = status !== "ACTIVE";
  [row.cells[2].textContent, row.cells[3].textContent, row.cells[4].textContent] = [capture_count, photo_count, extraction_status];
}

const expire = (id) => act(() => control("POST", `/sessions/${id}/expire`), "The session is EXPIRED");

function captureRow(capture) {
  const { id, capture_type, raw_value, created } = capture;
  return element(
    "tr",
    {},
    idCell(id),
    element("td", {}, element("span", { class: "track", "aria-hidden": "true" }), element("span", { class: "chip" })),
    element("td", { class: "what", title: raw_value }, element("span", { class: "quiet" }, capture_type), " ", element("code", {}, raw_value)),
    element("td", { class: "product" }),
    element("td", { title: dateAndTime(created) }, timeOfDay(created)),
    element("td", { class: "control" }, captureButtons(capture)),
  );
}

/** Show how far a capture has come: a mark for each state on the way. */
function renewCapture(row, { status, product_name, error_message }) {
  const { steps, ends } = captureStates();
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
  row.querySelector(".control").hidden = ends.includes(status);
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

async function scan(event) {
  event.preventDefault();
  const { raw_value, capture_type } = event.target.elements;
  const json = { session_short_id: mock.seeds.session_id, capture_type: capture_type.value, raw_value: raw_value.value };
  const request = mock.contract.request("create_capture", { json, headers: { "X-API-Key": mock.seeds.api_key } });
  await act(() => send(request), `${raw_value.value} is scanned`);
}

function propose(event) {
  event.preventDefault();
  const { capture, field_name, proposed_value } = event.target.elements;
  const proposals = [{ field_name: field_name.value, proposed_value: proposed_value.value }];
  act(() => control("POST", `/captures/${capture.value}/proposals`, { proposals }), "The value is proposed");
}
