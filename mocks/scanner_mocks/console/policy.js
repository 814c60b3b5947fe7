/** The fields of a presigned form, and the policy among them. */

import { element } from "./dom.js";

/** Return the policy of a form, and all its fields as lines. */
export function fieldsOf(fields) {
  const policy = jsonOfBase64(fields.policy);
  const lines = Object.entries(fields).flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", { title: value }, name === "policy" ? `${value.length} characters of Base64, decoded below` : value),
  ]);
  return { policy, lines };
}

/** Return a policy with a condition a line. */
export function policyText({ conditions = [], ...rest }) {
  const lines = conditions.map((condition) => `    ${JSON.stringify(condition)}`).join(",\n");
  const others = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
  return `{\n${others.join("")}  "conditions": [\n${lines}\n  ]\n}`;
}

function jsonOfBase64(text) {
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text), (each) => each.charCodeAt(0))));
  } catch {
    return {};
  }
}
