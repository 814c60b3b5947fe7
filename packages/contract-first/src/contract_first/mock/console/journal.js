/** What goes over the wire, as it comes. */

import { control, look } from "./api.js";
import { element, find, say } from "./dom.js";
import { row, slim } from "./exchange.js";
import { mock, on } from "./mock.js";
import { counted } from "./words.js";

const MOST_KEPT = 1000;
const MOST_SHOWN = 200;
const MOST_DOWNLOADED = 1000;

const list = find("#exchanges");
let kept = []; // without headers and bodies, the newest first
let coming = [];
let last = 0;
let paused = false;

export function start() {
  on("service", showAll);
  for (const control of find("#journal-filter").elements) control.addEventListener("input", showAll);
  find("#journal-filter").addEventListener("submit", (event) => event.preventDefault());
  find("#journal-clear").addEventListener("click", clear);
  find("#journal-har").addEventListener("click", download);
  find("#journal-pause").addEventListener("click", pause);
}

/** Take in an exchange; many that come at once are shown at once. */
export function hear(exchange) {
  last = exchange.number;
  coming.push(slim(exchange));
  if (coming.length > MOST_KEPT) coming.shift(); // a page that is hidden gets no frame to show them in
  if (coming.length === 1) requestAnimationFrame(showComing);
}

/** Forget all: another run of the mock gives the same numbers again. */
export function forget() {
  [kept, coming, last] = [[], [], 0];
  showAll();
}

/** The mock began again: what it has forgotten is forgotten here. */
export async function stateChanged() {
  const { exchanges } = await look(`/journal?limit=1`);
  const first = exchanges[0]?.number ?? Infinity;
  kept = kept.filter(({ number }) => number >= first);
  showAll();
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

/** Return a predicate: whether the filter shows an exchange. */
function filter() {
  const { server, status, violations, text } = criteria();
  return (exchange) =>
    (!server || exchange.server === server) &&
    (!mock.service || exchange.service === mock.service) &&
    (!status || Math.floor(exchange.status / 100) === Number(status)) &&
    (!violations || exchange.violations.length > 0) &&
    exchange.searchable.includes(text);
}

function criteria() {
  const { server, status, violations, text } = find("#journal-filter").elements;
  return { server: server.value, status: status.value, violations: violations.checked, text: text.value.trim().toLowerCase() };
}

function tell() {
  const wrong = kept.filter(({ violations }) => violations.length).length;
  const wants = kept.filter(filter()).length;
  find("#journal-count").textContent = wants > MOST_SHOWN ? `the latest ${MOST_SHOWN} of ${wants}` : counted(wants, "exchange");
  find("#journal-empty").hidden = list.children.length > 0;
  find("#journal-empty").textContent = kept.length ? "No exchange matches the filter." : "No exchanges yet.";
  const badge = find("#journal-badge");
  badge.hidden = wrong === 0;
  badge.textContent = String(wrong);
  badge.title = counted(wrong, "exchange violates the contract", "exchanges violate the contract");
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
  const until = last;
  try {
    await control("DELETE", "/journal");
    kept = kept.filter(({ number }) => number > until); // more may have come since
    showAll();
    say("The journal is empty");
  } catch ({ message }) {
    say(message);
  }
}

/** Download what the filter asks for; its text is for this page alone. */
async function download() {
  const { server, status, violations } = criteria();
  const query = new URLSearchParams({ format: "har", limit: String(MOST_DOWNLOADED) });
  if (server) query.set("server", server);
  if (mock.service) query.set("service", mock.service);
  if (status) query.set("status", status === "0" ? "0" : `${status}xx`);
  if (violations) query.set("violations", "true");
  try {
    const archive = await control("GET", `/journal?${query}`);
    save(archive, "mock.har");
    if (archive.log.comment) say(archive.log.comment);
  } catch ({ message }) {
    say(message);
  }
}

function save(value, name) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
