/** Captures held in their states, released, and failed: each of them, or all. */

import { control } from "./api.js";
import { element, find, offer } from "./dom.js";
import { mock, on } from "./mock.js";
import { act } from "./state.js";

export function start() {
  const { enum: states } = mock.control.document.components.schemas.Pipeline.properties.rules.items.properties.status;
  offer(find("#hold-status"), [["", "any state"], ...states.map((status) => [status])]);
  find("#pipeline-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { delay, status } = event.target.elements;
    const rule = status.value ? { status: status.value } : {};
    set([...rulesBut(({ capture }) => !capture), rule], "Captures are held", Number(delay.value));
  });
  find("#release-all").addEventListener("click", () => set([], "All captures go on", Number(find("#pipeline-delay").value)));
  on("state", show);
}

/** Return the buttons of a capture that is not done yet; its own rule goes before all others. */
export function captureButtons({ id }) {
  const button = (name, rule, message) =>
    element("button", { type: "button", "aria-label": `${name} ${id}`, click: () => set([{ capture: id, ...rule }, ...rulesBut(({ capture }) => capture === id)], message) }, name);
  return [
    button("Hold", {}, "The capture stays where it is"),
    button("Release", { release: true }, "The capture goes on"),
    button("Fail", { fail: "Failed by the console." }, "The capture fails"),
  ];
}

/** Return the ids of the captures that are held. */
export const heldIds = ({ pipeline }) => new Set(pipeline.held.map(({ capture }) => capture));

const rulesBut = (leave) => mock.state.pipeline.rules.filter((rule) => !leave(rule));

const set = (rules, message, delay = mock.state.pipeline.delay_seconds) =>
  act(() => control("PUT", "/pipeline", { delay_seconds: delay, rules }), message);

function show() {
  const { delay_seconds, rules, held } = mock.state.pipeline;
  const holding = rules.filter(({ capture, fail, release }) => !capture && !fail && !release).map(({ status, session }) => [status || "any state", session].filter(Boolean).join(" of "));
  find("#pipeline-now").textContent = [holding.length && `holds captures in ${holding.join(", ")}`, `${held.length} held`].filter(Boolean).join("; ");
  find("#release-all").disabled = rules.length === 0;
  const delay = find("#pipeline-delay");
  if (document.activeElement !== delay) delay.value = delay_seconds;
}
