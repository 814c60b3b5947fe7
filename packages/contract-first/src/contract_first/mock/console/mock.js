/** What the page knows of the running mock, kept up to date by its events. */

import { look, ofService } from "./api.js";
import { Contract } from "./contract.js";
import { extensions } from "./extensions.js";

const SETTLE_MILLISECONDS = 200;
const MOVING_MILLISECONDS = 500;
const hearing = new EventTarget();

export const mock = {
  seeds: {},
  contracts: {}, // by service; of a mock with one contract by the empty name
  service: "", // that the page is about; empty for all
  contract: new Contract({}),
  control: new Contract({}),
  defects: [],
  state: {},
  faults: [],
  overrides: [],
  scopes: [],
  clock: { now: new Date().toISOString(), frozen: false, offset_seconds: 0, heard: Date.now() },

  /** Return what the mock's clock shows, in milliseconds since 1970. */
  now() {
    const { now, frozen, heard } = this.clock;
    return Date.parse(now) + (frozen ? 0 : Date.now() - heard);
  },
};

/** Call something whenever `service`, `state`, `faults`, `overrides`, `scopes` or `clock` has changed. */
export const on = (name, hear) => hearing.addEventListener(name, hear);

/** Take the value of an event, and ask the mock again: a response under way may be older. */
export function receive(name, value) {
  changed(name, value);
  ask.turn = (ask.turn ?? 0) + 1;
  refresh();
}

export function changed(name, value) {
  mock[name] = name === "clock" ? { ...value, heard: Date.now() } : value;
  hearing.dispatchEvent(new Event(name));
}

/** Learn what stays as it is for as long as the mock runs. */
export async function meet() {
  const seeds = await look("/seeds");
  const services = Object.keys(seeds.services ?? { "": seeds });
  const ofAll = (place) => Promise.all(services.map((service) => look(place + ofService(service))));
  const [documents, control, defects] = await Promise.all([ofAll("/contract"), look("/openapi.json"), ofAll("/defects")]);
  const contracts = Object.fromEntries(services.map((service, at) => [service, new Contract(documents[at])]));
  Object.assign(mock, { seeds, contracts, control: new Contract(control), defects: defects.flatMap(({ defects }) => defects) });
  choose("");
}

/** Have the page be about a service; about all where the name is empty. */
export function choose(service) {
  const { contracts } = mock;
  mock.contract = contracts[service] ?? new Contract({ info: { title: Object.keys(contracts).join(", ") } });
  changed("service", service);
}

/** Ask for state and faults again, a moment from now, however much happens until then. */
export function refresh() {
  refresh.timer ??= setTimeout(() => {
    refresh.timer = undefined;
    ask();
  }, SETTLE_MILLISECONDS);
}

export async function ask() {
  const turn = (ask.turn = (ask.turn ?? 0) + 1);
  try {
    const places = ["/state", "/faults", "/overrides", "/scopes"];
    const [state, { faults }, { overrides }, { scopes }] = await Promise.all(places.map((path) => look(path)));
    if (turn !== ask.turn) return; // what was asked for later is newer
    changed("clock", state.clock);
    changed("state", state);
    changed("faults", faults);
    changed("overrides", overrides);
    changed("scopes", scopes);
    clearTimeout(ask.timer);
    if (extensions.isMoving(state)) ask.timer = setTimeout(ask, MOVING_MILLISECONDS);
  } catch {
    // the mock is gone; once it is there again, its events resume
  }
}
