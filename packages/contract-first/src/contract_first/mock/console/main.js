/** Puts the page together: the token, if one is required, then the panels, then what the mock tells. */

import { controlToken, listen, look, scoping } from "./api.js";
import { PHONE, find, offer } from "./dom.js";
import { extensions } from "./extensions.js";
import * as faults from "./faults.js";
import * as items from "./items.js";
import * as journal from "./journal.js";
import * as override from "./override.js";
import { ask, choose, meet, mock, on, refresh, receive } from "./mock.js";
import * as objects from "./objects.js";
import * as scopes from "./scopes.js";
import * as sent from "./sent.js";
import * as state from "./state.js";

const UNAUTHORIZED = 401;
const EVENTS = ["start", "exchange", "faults", "overrides", "clock", "state", "lost"];

const heard = {
  start,
  exchange(exchange) {
    journal.hear(exchange);
    refresh();
  },
  faults: ({ faults }) => receive("faults", faults),
  overrides: ({ overrides }) => receive("overrides", overrides),
  clock: (reading) => receive("clock", reading),
  state() {
    refresh();
    journal.stateChanged();
  },
  lost: refresh,
};

/** Another mock may be another page: its S3 elsewhere, its contract not the same. */
async function start() {
  journal.forget();
  const seeds = await look("/seeds").catch(() => mock.seeds);
  if (JSON.stringify(seeds) !== JSON.stringify(mock.seeds)) location.reload();
}

function show() {
  const views = [...document.querySelectorAll("main > section")];
  const names = views.map(({ dataset }) => dataset.view);
  const first = matchMedia(PHONE).matches ? "journal" : names[0];
  const view = names.includes(location.hash.slice(1)) ? location.hash.slice(1) : first;
  document.body.dataset.view = view;
  for (const button of views) button.toggleAttribute("data-current", button.dataset.view === view);
  for (const link of document.querySelectorAll("nav a")) {
    link.toggleAttribute("aria-current", link.hash === `#${view}`);
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
  }
}

function showTitle() {
  const title = mock.contract.document.info?.title ?? "mock";
  find("#title").textContent = title;
  document.title = `Console · ${title}`;
  const isOfOne = !mock.seeds.services || Boolean(mock.service);
  for (const link of document.querySelectorAll(".standing-line a")) link.hidden = !isOfOne;
  if (!mock.service) return;
  find("#explorer").href = `${mock.seeds.services[mock.service].url}/docs`;
  find("#responses").href = `/_mock/responses/${encodeURIComponent(mock.service)}`;
}

function connection(name, text) {
  find("#connection").dataset.state = name;
  find("#connection").textContent = text;
}

/** Return once the control API lets this page in; asks for the token for as long as it does not. */
async function letIn() {
  for (;;) {
    try {
      await look("/clock");
      return;
    } catch ({ answer }) {
      if (answer?.status === UNAUTHORIZED) await askForToken(Boolean(controlToken.value));
      else await new Promise((later) => setTimeout(later, 1000));
    }
  }
}

function askForToken(wrong) {
  const dialog = find("#token-dialog");
  find("#token-wrong").hidden = !wrong;
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    find("#token-form").addEventListener(
      "submit",
      () => {
        controlToken.value = find("#token").value;
        resolve();
      },
      { once: true },
    );
  });
}

async function begin() {
  await letIn();
  await meet();
  on("service", showTitle);
  showTitle();
  offer(find("#service"), [["", "all services"], ...Object.keys(mock.seeds.services ?? {}).map((name) => [name])]);
  find("#service").hidden = !mock.seeds.services;
  find("#service").addEventListener("change", ({ target }) => choose(target.value));
  document.body.classList.toggle("one-server", !(mock.seeds.api && mock.seeds.s3));
  for (const panel of [...extensions.panels, objects, journal, faults, override, state, items, scopes, sent]) panel.start();
  show();
  addEventListener("hashchange", show);
  scoping.addEventListener("chosen", () => {
    journal.forget();
    hearMock();
  });
  await ask();
  hearMock();
}

let leave = () => {};

/** Listen to the mock, or to one of its scopes, from the first exchange on. */
function hearMock() {
  leave();
  leave = listen(EVENTS, {
    hear: (name, event) => heard[name](event),
    opened() {
      connection("live", "live");
      ask();
    },
    ended(closed) {
      connection("gone", "no mock: reconnecting");
      if (closed) setTimeout(() => letIn().then(hearMock), 1000);
    },
  });
}

begin();
