/** A form that overrides the response to requests like one in the journal. */

import { control } from "./api.js";
import { element, say } from "./dom.js";
import { explained } from "./explain.js";
import { ask } from "./mock.js";
import { pretty } from "./words.js";

const OFTEN = [["", "always"], ["1", "once"], ["n", "the next"]];

/** Return the form for an exchange, whose response is what it begins with. */
export function overrideForm({ number, method, url, status, response }, text) {
  const id = (name) => `override-${number}-${name}`;
  const type = response.headers.find(([name]) => name.toLowerCase() === "content-type");
  const inputs = {
    status: element("input", { type: "number", min: "200", max: "599", required: true, value: String(status || 200) }),
    headers: element("textarea", { rows: 2, spellcheck: false }, JSON.stringify(type ? Object.fromEntries([type]) : {})),
    body: element("textarea", { rows: 8, spellcheck: false }, pretty(text)),
    often: element("select", {}, OFTEN.map(([value, name]) => element("option", { value }, name))),
    times: element("input", { type: "number", min: "1", value: "2" }),
  };
  const labels = { status: "Status", headers: "Headers", body: "Body", often: "How often", times: "Number of requests" };
  const fields = Object.entries(inputs).map(([name, input]) => {
    input.id = id(name);
    return element("div", { class: name === "body" ? "field wide" : "field" }, element("label", { for: input.id }, labels[name]), input);
  });
  const times = fields.at(-1);
  times.hidden = true;
  inputs.often.addEventListener("change", () => (times.hidden = inputs.often.value !== "n"));
  const refused = element("div");
  const submit = async (event) => {
    event.preventDefault();
    refused.replaceChildren();
    try {
      await control("POST", "/overrides", overrideOf({ method, url }, inputs));
      say("The mock responds differently now");
    } catch (error) {
      refused.replaceChildren(error.answer ? explained(error) : element("p", { role: "alert" }, error.message));
    }
    await ask();
  };
  const form = element("form", { submit }, fields, refused, element("button", { class: "primary" }, "Override"));
  return element("details", {}, element("summary", {}, "Respond differently"), form);
}

function overrideOf({ method, url }, { status, headers, body, often, times }) {
  const respond = { status: Number(status.value), headers: parsed(headers.value, "Headers"), ...bodyOf(body.value) };
  const count = often.value === "n" ? times.value : often.value;
  const path = decodeURIComponent(new URL(url).pathname);
  return { match: { method, path }, effect: { respond }, ...(count ? { times: Number(count) } : {}) };
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
