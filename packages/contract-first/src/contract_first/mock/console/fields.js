/** The fields of a fault, made from the schema that the control API takes it by. */

import { element } from "./dom.js";

const BESIDE = ["effect", "match"];

/** Return a group of fields for the effect, for what is matched, and for the rest. */
export function fieldsets(control, contract) {
  const [fault, effect] = schemas(control);
  if (!effect) return [];
  const { on: whom, scope, ...rest } = ownOf(fault);
  return [
    fieldset("What goes wrong", group("effect", effect.properties), control),
    fieldset("Which requests", [...group("", { on: whom, scope }), ...group("match", control.resolved(fault.properties.match).properties)], control),
    fieldset("How often", group("", rest), control),
    element("datalist", { id: "operations" }, contract.operations.map(({ operationId }) => element("option", { value: tail(operationId) }))),
  ];
}

/** Return the fault that the fields say; what is left empty is left out. */
export function valueOf(place) {
  const fault = { effect: {} };
  for (const field of place.querySelectorAll("[data-name]")) {
    const value = read(field);
    const { group, name } = field.dataset;
    if (value !== undefined) (group ? (fault[group] ??= {}) : fault)[name] = value;
  }
  return fault;
}

function schemas({ document }) {
  const { Fault, Effect } = document.components?.schemas ?? {};
  return [Fault, Effect];
}

const ownOf = ({ properties }) =>
  Object.fromEntries(Object.entries(properties).filter(([name, schema]) => !BESIDE.includes(name) && !schema.readOnly));

const tail = (operationId = "") => operationId.replace(/^.*_endpoints_/, "");

const group = (name, properties) => Object.entries(properties).map(([member, schema]) => [name, member, schema]);

function fieldset(title, members, control) {
  const fields = members.map(([group, name, schema]) => field(group, name, control.resolved(schema)));
  return element("fieldset", {}, element("legend", {}, title), fields);
}

function field(group, name, schema) {
  const id = `fault-${group || "all"}-${name}`;
  const entry = input(name, schema);
  Object.assign(entry, { id });
  Object.assign(entry.dataset, { name, group, type: typesOf(schema).join(" ") });
  const label = element("label", { for: id }, name.replaceAll("_", " "));
  const about = schema.description && element("small", { id: `${id}-about` }, schema.description.replaceAll("`", ""));
  if (about) entry.setAttribute("aria-describedby", about.id);
  return element("div", { class: entry.type === "checkbox" ? "field check" : "field" }, label, entry, about);
}

function input(name, schema) {
  if (schema.enum) return element("select", {}, schema.enum.map((value) => element("option", { value }, value)));
  const types = typesOf(schema);
  if (types.includes("boolean")) return element("input", { type: "checkbox" });
  if (types.includes("object")) return element("input", { type: "text", placeholder: types.includes("number") ? '800 or {"distribution": …}' : "JSON", spellcheck: false });
  if (types.some((type) => ["integer", "number"].includes(type))) return numberInput(schema, types);
  return element("input", { type: "text", autocomplete: "off", spellcheck: false, ...(name === "operation" ? { list: "operations" } : {}) });
}

function numberInput({ minimum, maximum }, types) {
  const limits = Object.entries({ min: minimum, max: maximum }).filter(([, limit]) => limit !== undefined);
  const step = types.includes("integer") ? "1" : "any";
  return element("input", { type: "number", step, ...Object.fromEntries(limits.map(([name, limit]) => [name, String(limit)])) });
}

const typesOf = ({ type }) => [type ?? []].flat();

function read(field) {
  if (field.type === "checkbox") return field.checked || undefined;
  const text = field.value.trim();
  if (text === "") return undefined;
  return /number|integer|object|array/.test(field.dataset.type) ? jsonOr(text) : text;
}

function jsonOr(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the mock says what is wrong with it
  }
}
