/** Forms that override the response to requests: to those like one in the journal, or for an operation. */

import { control, look } from "./api.js";
import { element, find, offer, say } from "./dom.js";
import { explained } from "./explain.js";
import { ask, mock, on } from "./mock.js";
import { pretty } from "./words.js";

const OFTEN = [["", "always"], ["1", "once"], ["n", "the next"]];
const SETTLE_MILLISECONDS = 300;
const LABELS = {
  status: "Status",
  headers: "Headers",
  body: "Body",
  often: "How often",
  times: "Number of requests",
  save: "Save to the file of overrides",
};

/** Let the faults' panel override the response of any operation. */
export function start() {
  const select = find("#override-operation");
  const offerOperations = () => {
    const first = mock.seeds.services && !mock.service ? "Choose a service above" : "Choose an operation";
    offer(select, [["", first], ...mock.contract.operations.filter(({ operationId }) => operationId).map(({ operationId }) => [operationId])]);
    find("#override-form").replaceChildren();
  };
  offerOperations();
  on("service", offerOperations);
  select.addEventListener("change", () => {
    const operation = mock.contract.operations.find(({ operationId }) => operationId === select.value);
    find("#override-form").replaceChildren(...(operation ? [formOf("operation", { operation: select.value, ...(mock.service && { service: mock.service }) }, documented(operation))] : []));
  });
}

/** Return the form for an exchange, whose response is what it begins with. */
export function overrideForm({ number, method, url, status, response }, text) {
  const type = response.headers.find(([name]) => name.toLowerCase() === "content-type");
  const path = decodeURIComponent(new URL(url).pathname);
  const form = formOf(number, { method, path }, { status: status || 200, headers: type ? Object.fromEntries([type]) : {}, text });
  return element("details", {}, element("summary", {}, "Respond differently"), form);
}

/** Return the first success that an operation documents, with its example. */
function documented({ responses = {} }) {
  const status = Object.keys(responses).sort().find((code) => /^2\d\d$/.test(code)) ?? "200";
  const content = mock.contract.resolved(responses[status])?.content ?? {};
  const type = Object.keys(content).find((name) => name.includes("json")) ?? "";
  const { example, examples = {} } = content[type] ?? {};
  const value = example ?? mock.contract.resolved(Object.values(examples)[0])?.value;
  return { status, headers: type ? { "content-type": type } : {}, text: value === undefined ? "" : JSON.stringify(value) };
}

function formOf(key, match, { status, headers, text }) {
  const inputs = {
    status: element("input", { type: "number", min: "200", max: "599", required: true, value: String(status) }),
    headers: element("textarea", { rows: 2, spellcheck: false }, JSON.stringify(headers)),
    body: element("textarea", { rows: 8, spellcheck: false }, pretty(text)),
    often: element("select", {}, OFTEN.map(([value, name]) => element("option", { value }, name))),
    times: element("input", { type: "number", min: "1", value: "2" }),
    save: element("input", { type: "checkbox" }),
  };
  const fields = Object.entries(inputs).map(([name, input]) => {
    input.id = `override-${key}-${name}`;
    return element("div", { class: name === "save" ? "field check" : "field" }, element("label", { for: input.id }, LABELS[name]), input);
  });
  const times = fields[Object.keys(inputs).indexOf("times")];
  times.hidden = true;
  inputs.often.addEventListener("change", () => (times.hidden = inputs.often.value !== "n"));
  const violations = element("div", { class: "violations-live", role: "status" });
  const refused = element("div");
  const submit = async (event) => {
    event.preventDefault();
    refused.replaceChildren();
    try {
      const { id } = await control("POST", "/overrides", overrideOf(match, inputs));
      say("The mock responds differently now");
      if (inputs.save.checked) await control("POST", `/overrides/${encodeURIComponent(id)}/save`);
    } catch (error) {
      refused.replaceChildren(error.answer ? explained(error) : element("p", { role: "alert" }, error.message));
    }
    await ask();
  };
  const input = () => {
    clearTimeout(input.timer);
    input.timer = setTimeout(() => validate(match, inputs, violations), SETTLE_MILLISECONDS);
  };
  return element("form", { class: "stacked", submit, input }, fields, violations, refused, element("button", { class: "primary" }, "Override"));
}

/** Show how the response of an override would violate the contract, while it is being written. */
async function validate(match, inputs, place) {
  const turn = (place.turn = (place.turn ?? 0) + 1);
  let found = [];
  try {
    found = (await look("/overrides/violations", overrideOf(match, inputs))).violations;
  } catch (error) {
    found = error.answer?.json?.errors ?? [{ pointer: "", detail: error.message }];
  }
  if (turn !== place.turn) return; // what was written later is newer
  const items = found.map(({ pointer, detail }) => element("li", {}, element("code", {}, pointer.replace("/effect/respond", "")), ` ${detail.replace(/^violates the contract of \S+: /, "")}`));
  place.replaceChildren(...(items.length ? [element("ul", { class: "violations" }, items)] : []));
}

function overrideOf(match, { status, headers, body, often, times }) {
  const respond = { status: Number(status.value), headers: parsed(headers.value, "Headers"), ...bodyOf(body.value) };
  const count = often.value === "n" ? times.value : often.value;
  return { match, effect: { respond }, ...(count ? { times: Number(count) } : {}) };
}

function bodyOf(text) {
  if (!text) return {};
  try {
    return { body: JSON.parse(text) };
  } catch {
    return { text };
  }
}

function parsed(text, name) {
  try {
    return JSON.parse(text || "{}");
  } catch (error) {
    throw new Error(`${name} are no JSON: ${error.message}`);
  }
}
