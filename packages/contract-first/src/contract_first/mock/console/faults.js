/** What goes wrong on purpose: switches for what goes wrong most, and a form for everything else. */

import { control, controlRequest } from "./api.js";
import { arrange, element, find, say } from "./dom.js";
import { explained } from "./explain.js";
import { fieldsets, valueOf } from "./fields.js";
import { ask, mock, on } from "./mock.js";
import { presets } from "./presets.js";
import { snippetButtons } from "./snippets.js";
import { counted } from "./words.js";

export function start() {
  find("#presets").append(...presets.filter(({ fault }) => fault.on !== "s3" || mock.seeds.s3).map(presetItem));
  find("#fault-fields").append(...fieldsets(mock.control, mock.contract));
  find("#fault-form").addEventListener("submit", (event) => {
    event.preventDefault();
    add(valueOf(find("#fault-fields")));
  });
  find("#faults-off").addEventListener("click", async () => {
    await act("DELETE", "/faults", undefined, "All faults are off");
    if (mock.overrides.length) await act("DELETE", "/overrides", undefined, "All faults and overrides are off");
  });
  on("faults", show);
  on("overrides", show);
}

const faultOf = ({ name, fault }) => ({ name, ...fault });

function presetItem(preset) {
  const turn = ({ target }) => (target.checked ? add(faultOf(preset)) : off(standing(preset)));
  const box = element("input", { type: "checkbox", role: "switch", change: turn });
  box.dataset.preset = preset.name;
  const label = element("label", {}, box, element("span", {}, element("b", {}, preset.name), element("small", {}, preset.about)));
  const on = element("span", { class: "mark server" }, preset.fault.on === "s3" ? "S3" : "API");
  return element("li", {}, label, on, snippetButtons(() => controlRequest("POST", "/faults", faultOf(preset)), preset.name));
}

const standing = ({ name }) => mock.faults.filter((fault) => fault.name === name);

const add = (fault) => act("POST", "/faults", fault, `${fault.name || "The fault"} is on`);

async function off(faults) {
  for (const { id, name } of faults) await act("DELETE", `${pathOf(id)}/${encodeURIComponent(id)}`, undefined, `${name || "The rule"} is off`);
}

const pathOf = (id) => (id.startsWith("override") ? "/overrides" : "/faults");

async function act(method, path, body, message) {
  const place = find("#fault-refused");
  place.replaceChildren();
  try {
    await control(method, path, body);
    say(message);
  } catch (refused) {
    place.replaceChildren(explained(refused));
    show(); // a switch tells what is on, not what was asked for
  }
  await ask();
}

function show() {
  const faults = [...mock.faults, ...mock.overrides];
  arrange(find("#standing"), faults, ({ id }) => id, standingItem, renewStanding);
  for (const box of find("#presets").querySelectorAll("input")) {
    box.checked = faults.some(({ name }) => name === box.dataset.preset);
  }
  find("#standing-empty").hidden = faults.length > 0;
  find("#faults-off").disabled = faults.length === 0;
  const badge = find("#faults-badge");
  badge.hidden = faults.length === 0;
  badge.textContent = String(faults.length);
  badge.title = counted(faults.length, "rule is on", "rules are on");
}

function standingItem(fault) {
  const { id, name, on, struck, ...rest } = fault;
  return element(
    "li",
    {},
    element("span", { class: "mark server" }, on === "s3" ? "S3" : "API"),
    element("b", {}, name || id),
    element("code", {}, summary(rest)),
    element("span", { class: "struck" }),
    snippetButtons(() => controlRequest("POST", pathOf(id), { name, on, ...withoutDefaults(rest) }), name || id),
    id.startsWith("override") && element("button", { type: "button", class: "up", "aria-label": `Move ${name || id} up`, click: () => moveUp(id, name) }, "Up"),
    element("button", { type: "button", "aria-label": `Switch off ${name || id}`, click: () => off([fault]) }, "Off"),
  );
}

/** Have an override match before the one that is before it. */
function moveUp(id, name) {
  const ids = mock.overrides.map((override) => override.id);
  const place = ids.indexOf(id);
  if (place > 0) [ids[place - 1], ids[place]] = [id, ids[place - 1]];
  act("POST", "/overrides/order", { ids }, `${name || id} matches before`);
}

function renewStanding(item, { id, struck, times }) {
  const up = item.querySelector(".up");
  if (up) up.disabled = mock.overrides[0]?.id === id;
  item.querySelector(".struck").textContent = times ? `applied ${struck} of ${times}` : `applied ${struck}`;
}

function summary(fault) {
  const { match, effect, ...limits } = withoutDefaults(fault);
  const members = Object.entries({ ...effect, ...match, ...limits });
  return members.map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`).join("; ");
}

/** Leave out of a fault what says nothing. */
function withoutDefaults(fault) {
  const meant = Object.entries(fault).map(([name, value]) => [name, plain(value)]);
  return Object.fromEntries(meant.filter(([name, value]) => value !== undefined && !(name === "probability" && value === 1)));
}

function plain(value) {
  if (value === null || value === "" || value === 0 || value === false) return undefined;
  if (typeof value !== "object") return value;
  const inner = Object.entries(value).filter(([, each]) => each !== null && each !== "" && each !== false);
  return inner.length ? Object.fromEntries(inner) : undefined;
}
