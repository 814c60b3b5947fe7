/** What goes over the wire, as it comes. */

import { control, look } from "./api.js";
import { copyButton, element, find, say, statusBadge } from "./dom.js";
import { mock } from "./mock.js";
import { asCurl, asFetch, requestOf } from "./snippets.js";
import { bytes, counted, milliseconds, pretty, prettyXml, timeOfDay } from "./words.js";

const MOST_KEPT = 1000;
const MOST_SHOWN = 200;
const ASKED_AT_ONCE = 1000;

const list = find("#exchanges");
let kept = []; // without headers and bodies, the newest first
let coming = [];
let last = 0;
let paused = false;
let held = null; // what came while what was missed is asked for

export function start() {
  for (const control of find("#journal-filter").elements) control.addEventListener("input", showAll);
  find("#journal-filter").addEventListener("submit", (event) => event.preventDefault());
  find("#journal-clear").addEventListener("click", clear);
  find("#journal-har").addEventListener("click", download);
  find("#journal-pause").addEventListener("click", pause);
}

/** Take in an exchange; many that come at once are shown at once. */
export function hear(exchange) {
  if (held) held.push(exchange);
  else takeIn(exchange);
}

function takeIn(exchange) {
  if (exchange.number <= last) return;
  last = exchange.number;
  coming.push(slim(exchange));
  if (coming.length === 1) requestAnimationFrame(showComing);
}

/** Ask for what was missed while nobody listened; a mock that began anew begins with 1 again. */
export async function catchUp() {
  held ??= [];
  try {
    await askForMissed();
  } catch {
    // the mock is gone again; once it is back, this is done again
  }
  const since = held ?? [];
  held = null;
  since.forEach(takeIn);
}

async function askForMissed() {
  let answer = await look(`/journal?after=${last}&limit=${ASKED_AT_ONCE}`);
  if (answer.last < last) {
    forget();
    answer = await look(`/journal?limit=${ASKED_AT_ONCE}`);
  }
  while (answer.exchanges.length) {
    answer.exchanges.forEach(takeIn);
    answer = await look(`/journal?after=${last}&limit=${ASKED_AT_ONCE}`);
  }
}

/** The mock began again: what it has forgotten is forgotten here. */
export async function begunAgain() {
  const { exchanges } = await look(`/journal?limit=1`);
  const first = exchanges[0]?.number ?? Infinity;
  kept = kept.filter(({ number }) => number >= first);
  showAll();
}

function slim({ request: _, response: __, ...exchange }) {
  const { verdict } = exchange;
  const violations = [
    ...(verdict?.request ?? []).map((violation) => ({ of: "request", ...violation })),
    ...(verdict?.response ?? []).map((violation) => ({ of: "answer", ...violation })),
  ];
  const text = [exchange.method, exchange.url, exchange.operation, exchange.status, exchange.scope, exchange.request_id, exchange.fault];
  const found = [...text, ...violations.flatMap(({ detail, rule, where }) => [detail, rule, where])].join(" ").toLowerCase();
  return { ...exchange, violations, target: targetOf(exchange), found };
}

/** Return path and query, without what all paths of the contract begin with. */
function targetOf({ url, server }) {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const { root } = mock.contract;
  return server === "api" && root && target.startsWith(`${root}/`) ? `…${target.slice(root.length)}` : target;
}

function showComing() {
  kept = [...coming.reverse(), ...kept].slice(0, MOST_KEPT);
  if (paused) find("#journal-pause").textContent = `Resume (${(pause.missed += coming.length)})`;
  else list.prepend(...coming.filter(filter()).slice(0, MOST_SHOWN).map(row));
  coming = [];
  while (list.children.length > MOST_SHOWN) list.lastElementChild.remove();
  tell();
}

function showAll() {
  list.replaceChildren(...kept.filter(filter()).slice(0, MOST_SHOWN).map(row));
  tell();
}

/** Return what tells whether an exchange is wanted. */
function filter() {
  const { server, status, violations, text } = wanted();
  return (exchange) =>
    (!server || exchange.server === server) &&
    (!status || Math.floor(exchange.status / 100) === Number(status)) &&
    (!violations || exchange.violations.length > 0) &&
    exchange.found.includes(text);
}

function wanted() {
  const { server, status, violations, text } = find("#journal-filter").elements;
  return { server: server.value, status: status.value, violations: violations.checked, text: text.value.trim().toLowerCase() };
}

function tell() {
  const wrong = kept.filter(({ violations }) => violations.length).length;
  const wants = kept.filter(filter()).length;
  find("#journal-count").textContent = wants > MOST_SHOWN ? `the latest ${MOST_SHOWN} of ${wants}` : counted(wants, "exchange");
  find("#journal-empty").hidden = list.children.length > 0;
  find("#journal-empty").textContent = kept.length ? "Nothing here is what the filter asks for." : "Nothing has gone over the wire yet.";
  const badge = find("#journal-badge");
  badge.hidden = wrong === 0;
  badge.textContent = String(wrong);
  badge.title = counted(wrong, "exchange breaks the contract", "exchanges break the contract");
}

function row(exchange) {
  const { number, violations } = exchange;
  const details = element("div", { class: "details", id: `exchange-${number}`, hidden: true });
  const button = element(
    "button",
    { type: "button", class: "line", "aria-expanded": "false", "aria-controls": details.id, click: () => toggle(exchange, button, details) },
    element("span", { class: "method" }, exchange.method),
    statusBadge(exchange.status),
    element("span", { class: "target", title: exchange.url }, exchange.target),
    element("span", { class: "marks" }, ...marks(exchange)),
    element("span", { class: "took" }, milliseconds(exchange.milliseconds)),
    element("time", { dateTime: exchange.started }, timeOfDay(exchange.started)),
  );
  const broken = violations.length > 0 && element("ul", { class: "violations" }, violations.map(sentence));
  return element("li", { class: violations.length ? "exchange broken" : "exchange" }, button, broken, details);
}

function marks({ server, fault, scope }) {
  return [
    server === "s3" && element("span", { class: "mark" }, "S3"),
    fault && element("span", { class: "mark fault", title: `Fault ${fault} struck` }, "fault"),
    scope && element("span", { class: "mark", title: "X-Mock-Scope" }, scope),
  ];
}

function sentence({ of, part, where, detail, pointer }) {
  return element(
    "li",
    {},
    element("b", {}, `${of} ${part}`),
    where && element("code", {}, ` ${where}`),
    ` ${detail} `,
    pointer && element("code", { class: "pointer", title: "Where the contract says so" }, pointer),
  );
}

async function toggle(exchange, button, details) {
  const open = button.getAttribute("aria-expanded") === "false";
  button.setAttribute("aria-expanded", String(open));
  details.hidden = !open;
  if (open && !details.children.length) details.replaceChildren(...(await told(exchange)));
}

/** Return the details of an exchange, asked for when somebody wants to see them. */
async function told({ number, violations, verdict }) {
  const { exchanges } = await look(`/journal?after=${number - 1}&limit=1`).catch(() => ({ exchanges: [] }));
  const exchange = exchanges.find((each) => each.number === number);
  if (!exchange) return [element("p", {}, "The journal has forgotten this exchange.")];
  const text = bodyOf(exchange.request).text;
  const request = () => requestOf(exchange, text);
  return [
    element(
      "p",
      { class: "facts" },
      element("span", {}, exchange.operation || "no operation of the contract"),
      copyButton("curl", () => asCurl(request()), "the request as curl"),
      copyButton("fetch", () => asFetch(request()), "the request as fetch"),
      copyButton("JSON", () => JSON.stringify(exchange, null, 2), "the exchange as JSON"),
    ),
    verdict?.unjudged && !violations.length && element("p", { class: "quiet" }, `Not judged: ${verdict.unjudged}.`),
    element("div", { class: "messages" }, message("Request", exchange.request), message("Answer", exchange.response)),
  ].filter(Boolean);
}

function message(title, { headers, fields, ...content }) {
  const { text, note } = bodyOf({ headers, ...content });
  return element(
    "section",
    {},
    element("h4", {}, title),
    element("dl", { class: "fields" }, pairs(headers)),
    fields.length > 0 && element("h5", {}, "Form"),
    fields.length > 0 && element("dl", { class: "fields" }, pairs(fields)),
    element("p", { class: "quiet" }, note),
    text && element("pre", { tabIndex: 0 }, formatted(headers, text)),
  );
}

const pairs = (all) => all.flatMap(([name, value]) => [element("dt", {}, name), element("dd", { title: value }, value)]);

const formatted = (headers, text) => (mediaType(headers).includes("xml") ? prettyXml(text) : pretty(text));

const mediaType = (headers) => headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";

/** Return a body as text, if it is some, and what is to be said of it. */
function bodyOf({ headers, body, body_bytes }) {
  if (!body_bytes) return { text: "", note: "No body" };
  const raw = Uint8Array.from(atob(body), (each) => each.charCodeAt(0));
  const note = raw.length < body_bytes ? `Body, the first ${bytes(raw.length)} of ${bytes(body_bytes)}` : `Body, ${bytes(body_bytes)}`;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(raw, { stream: raw.length < body_bytes });
    return { text, note };
  } catch {
    return { text: "", note: `${note}, not text: ${mediaType(headers) || "of no media type"}` };
  }
}

function pause() {
  paused = !paused;
  pause.missed = 0;
  const button = find("#journal-pause");
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? "Resume" : "Pause";
  if (!paused) showAll();
}
pause.missed = 0;

async function clear() {
  try {
    await control("DELETE", "/journal");
    forget(last);
    say("The journal is empty");
  } catch ({ message }) {
    say(message);
  }
}

function forget(number = 0) {
  [kept, coming, last] = [[], [], number];
  showAll();
}

/** Download what the filter asks for; its text is for this page alone. */
async function download() {
  const { server, status, violations } = wanted();
  const query = new URLSearchParams({ format: "har", limit: String(ASKED_AT_ONCE) });
  if (server) query.set("server", server);
  if (status) query.set("status", status === "0" ? "0" : `${status}xx`);
  if (violations) query.set("violations", "true");
  try {
    save(await control("GET", `/journal?${query}`), "mock.har");
  } catch ({ message }) {
    say(message);
  }
}

function save(value, name) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
