/** The fields of a presigned form, and the policy among them. */

import { element } from "./dom.js";

/** Return the policy of a form, undefined if none can be read, and all its fields as lines. */
export function fieldsOf(fields) {
  const policy = jsonOfBase64(fields.find(([name]) => isPolicy(name))?.[1] ?? "");
  const lines = fields.flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", { title: value }, policy && isPolicy(name) ? `${value.length} characters of Base64, decoded below` : value),
  ]);
  return { policy, lines };
}

const isPolicy = (name) => name.toLowerCase() === "policy";

/** Return a policy with a condition a line. */
export function policyText(policy) {
  const { conditions, ...rest } = policy;
  if (!Array.isArray(conditions)) return JSON.stringify(policy, null, 2);
  const lines = conditions.map((condition) => `    ${JSON.stringify(condition)}`).join(",\n");
  const others = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
  return `{\n${others.join("")}  "conditions": [\n${lines}\n  ]\n}`;
}

function jsonOfBase64(text) {
  try {
    const value = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0))));
    return value && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}
