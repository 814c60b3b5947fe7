/** A photo's way into S3, step by step. */

import { post, send } from "./api.js";
import { arrange, element, find, offer, say } from "./dom.js";
import { explained } from "./explain.js";
import { mock, on, refresh } from "./mock.js";
import { photoFigure } from "./photos.js";
import { fieldsOf, policyText } from "./policy.js";
import { answerOf, reset, step } from "./steps.js";
import { bytes, counted, dateAndTime, duration, pretty, prettyXml } from "./words.js";

const PRESIGN = "get_presigned_upload_url";
const REGISTER = "register_photo";

const form = find("#upload-form");
const chosen = { file: null };
const opened = { policy: true };
let upload = null; // the response that has the form
let underWay = false;
let expires = null;

export function start() {
  find("#preview").addEventListener("error", ({ target }) => (target.hidden = true));
  find("#session").addEventListener("change", showGallery);
  find("#new-session").addEventListener("click", openSession);
  find("#photo").addEventListener("change", ({ target }) => choose(target.files[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  acceptDrops();
  offerChoices();
  on("state", () => {
    offerSessions();
    showGallery();
  });
  setInterval(showTimeLeft, 250);
}

/** Offer what contract and seeds have: photo types and keys. */
function offerChoices() {
  const types = mock.contract.values(mock.contract.parameter(PRESIGN, "photo_type"));
  offer(find("#photo-type"), types.map((type) => [type]));
  offer(find("#key"), Object.keys(credentials()).map((name) => [name]));
}

/** Return the request headers of each credential, by its name. */
function credentials() {
  const { api_key, keys = {}, bearer_token } = mock.seeds;
  const special = Object.entries(keys).map(([name, key]) => [`${name.replaceAll("_", " ")} key`, { "X-API-Key": key }]);
  return { "API key": { "X-API-Key": api_key }, ...Object.fromEntries(special), "bearer token": { Authorization: `Bearer ${bearer_token}` }, none: {} };
}

const credential = () => credentials()[find("#key").value] ?? {};

function offerSessions() {
  const sessions = mock.state.sessions.map(({ id, status, photo_count }) => [id, `${id} · ${status} · ${counted(photo_count, "photo")}`]);
  offer(find("#session"), sessions, find("#session").value || mock.seeds.session_id);
}

/** Take a photo that is dropped anywhere, lest the browser leave the page for it. */
function acceptDrops() {
  const zone = find("#drop");
  addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.dataset.over = "";
  });
  for (const name of ["dragleave", "drop"]) addEventListener(name, () => delete zone.dataset.over);
  addEventListener("drop", (event) => {
    event.preventDefault();
    choose(event.dataTransfer.files[0]);
  });
}

function choose(file) {
  if (!file) return;
  chosen.file = file;
  find("#chosen").textContent = `${file.name} · ${bytes(file.size)}`;
  const preview = find("#preview");
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.hidden = !file.type.startsWith("image/");
  offerUpload();
}

/** One upload at a time: each step goes on with the response to the one before it. */
function offerUpload() {
  find("#go").disabled = underWay || !chosen.file;
}

async function openSession() {
  const request = mock.contract.request("create_session", { headers: credential(), json: {} });
  try {
    const { json } = await send(request);
    say(`Session ${json.id} is open`);
    find("#session").prepend(element("option", { value: json.id }, json.id));
    find("#session").value = json.id;
    refresh();
  } catch (refused) {
    find("#presign").replaceChildren(explained(refused));
  }
}

/** Take the photo all the way; the first step that is refused is the last. */
async function go() {
  underWay = true;
  offerUpload();
  for (const name of ["presign", "post", "register"]) reset(name);
  expires = null; // that was the form before
  showTimeLeft();
  try {
    await presign();
    await sendToS3();
    await register();
  } catch (refused) {
    if (!refused.answer) throw refused; // not a response but a mistake of this page
  } finally {
    underWay = false;
    offerUpload();
  }
}

async function presign() {
  const request = mock.contract.request(PRESIGN, {
    path: { session_id: find("#session").value },
    query: { photo_type: find("#photo-type").value, original_filename: chosen.file.name },
    headers: credential(),
  });
  const answer = await step("presign", request, send);
  upload = { ...answer.json, session: find("#session").value, photo_type: find("#photo-type").value, file: chosen.file };
  const { policy = {}, lines } = fieldsOf(Object.entries(upload.upload_fields));
  expires = Date.parse(policy.expiration) || null;
  const remember = ({ target }) => (opened.policy = target.open);
  find("#presign").append(
    element("dl", { class: "fields" }, lines),
    element(
      "details",
      { class: "policy", open: opened.policy, toggle: remember },
      element("summary", {}, "Policy, decoded"),
      element("pre", { tabIndex: 0 }, policyText(policy)),
    ),
  );
  showTimeLeft();
}

async function sendToS3(changes = {}) {
  const { upload_url: url, upload_fields: fields, file } = upload;
  const request = { method: "POST", url, form: Object.entries({ ...fields, ...changes }), file };
  const bar = element("progress", { max: 1, value: 0, "aria-label": "Upload to S3" });
  const gone = element("span", { class: "gone" }, `0 of ${bytes(file.size)}`);
  const showing = (loaded, total) => {
    bar.value = total ? loaded / total : 0;
    gone.textContent = `${bytes(Math.min(loaded, file.size))} of ${bytes(file.size)}`;
  };
  const onEnd = (answer) => find("#post").append(...answerOf(answer, prettyXml), againForm(fields));
  return step("post", request, () => post(request, showing), [element("div", { class: "bar" }, bar, gone)], onEnd);
}

/** Return a form that posts to S3 again, with a field changed or as it was: S3 says what it makes of it. */
function againForm(fields) {
  const value = element("input", { id: "again-value", disabled: true, autocomplete: "off", spellcheck: false });
  const choose = ({ target }) => {
    value.disabled = target.value === "";
    value.value = fields[target.value] ?? "";
  };
  const names = Object.keys(fields).map((name) => element("option", { value: name }, name));
  const name = element("select", { id: "again-name", change: choose }, element("option", { value: "" }, "nothing"), names);
  const again = (event) => {
    event.preventDefault();
    postAgain(name.value ? { [name.value]: value.value } : {});
  };
  return element(
    "form",
    { class: "row", submit: again },
    element("div", { class: "field" }, element("label", { for: "again-name" }, "Change"), name),
    element("div", { class: "field" }, element("label", { for: "again-value" }, "to"), value),
    element("button", { title: "After its time is over, S3 refuses the form" }, "Post the same form again"),
  );
}

async function postAgain(changes) {
  reset("post");
  reset("register");
  await sendToS3(changes).catch((refused) => {
    if (!refused.answer) throw refused;
  });
}

async function register() {
  const { s3_key, photo_type, session } = upload;
  const request = mock.contract.request(REGISTER, { path: { session_id: session }, json: { s3_key, photo_type }, headers: credential() });
  const answer = await step("register", request, send);
  find("#register").append(...answerOf(answer, pretty));
  refresh();
}

function showTimeLeft() {
  const place = find("#time-left");
  place.hidden = expires === null;
  if (expires === null) return;
  const seconds = (expires - mock.now()) / 1000;
  place.textContent = seconds > 0 ? `${duration(seconds)} left` : "expired";
  place.title = `The form is good until ${dateAndTime(expires)} UTC, by the mock's clock`;
  place.dataset.over = String(seconds <= 0);
}

function showGallery() {
  const session = find("#session").value;
  const photos = (mock.state.photos ?? []).filter(({ session_id }) => session_id === session);
  find("#gallery-empty").hidden = photos.length > 0;
  arrange(find("#gallery"), photos, ({ id }) => id, photoFigure);
}
