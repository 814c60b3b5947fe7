/** What the page knows of the running mock, kept up to date by its events. */

import { look } from "./api.js";
import { Contract } from "./contract.js";
import { extensions } from "./extensions.js";

const SETTLE_MILLISECONDS = 200;
const MOVING_MILLISECONDS = 500;
const hearing = new EventTarget();

export const mock = {
  seeds: {},
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

/** Call something whenever `state`, `faults`, `overrides`, `scopes` or `clock` has changed. */
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
  const places = ["/seeds", "/contract", "/openapi.json", "/defects"];
  const [seeds, contract, control, { defects }] = await Promise.all(places.map((place) => look(place)));
  Object.assign(mock, { seeds, contract: new Contract(contract), control: new Contract(control), defects });
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
