/** A request as a curl command and as a call of fetch, to be pasted elsewhere. */

import { copyButton, element } from "./dom.js";
import { extensions } from "./extensions.js";

/** Fields that curl and fetch write themselves, or that speak of the browser alone. */
const OWN = /^(host|content-length|connection|accept-encoding|accept-language|user-agent|origin|referer|priority|sec-.*|:.*)$/i;
const SAFE = /^[\w./:@%+=,-]+$/;
const TOKEN = "CONTROL_TOKEN"; // a variable of the user's, in a shell as in JavaScript
const CONTROL = /[\0-\x08\v-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const MASK = /\*{3}[0-9a-f]{0,12}\**/;

/** Quote for a shell; what a terminal would act upon goes as escapes, which bash, zsh and POSIX.1-2024 know. */
export function quoted(text) {
  if (SAFE.test(text)) return text;
  return CONTROL.test(text) ? `$'${escaped(text)}'` : `'${text.replaceAll("'", `'\\''`)}'`;
}

const escaped = (text) =>
  [...new TextEncoder().encode(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[ -~]/.test(character) && !/['\\]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");

export function asCurl(request) {
  const asItIs = /\/\.{1,2}(\/|$)/.test(request.url.split("?")[0]) ? "--path-as-is " : "";
  const parts = [`curl ${asItIs}${/[[\]{}]/.test(request.url) ? "-g " : ""}${quoted(request.url)}`];
  if (request.method === "HEAD") parts.push("--head");
  else if (request.method !== usualMethod(request)) parts.push(`-X ${quoted(request.method)}`);
  parts.push(...headersOf(request).map(([name, value]) => `-H ${headerInShell(`${name}: ${value}`, request.secret)}`));
  if (request.json !== undefined) {
    parts.push("-H 'Content-Type: application/json'", `--data-raw ${quoted(JSON.stringify(request.json))}`);
  }
  if (request.text) parts.push(`--data-raw ${quoted(request.text)}`);
  if (request.unkept) parts.push("--data-binary @body");
  if (request.form) parts.push(...request.form.map(([name, value]) => `--form-string ${quoted(`${name}=${value}`)}`));
  if (request.file) parts.push(`-F ${quoted(`file=@"${request.file.name.replaceAll(/["\\]/g, "\\$&")}"`)}`);
  return parts.join(" \\\n  ");
}

export function asFetch(request) {
  const headers = headersOf(request);
  if (request.json !== undefined) headers.push(["Content-Type", "application/json"]);
  const members = headers.map(([name, value]) => `${JSON.stringify(name)}: ${inScript(value, request.secret)}`);
  const lines = [`method: ${JSON.stringify(request.method)},`];
  if (members.length) lines.push(`headers: { ${members.join(", ")} },`);
  if (request.json !== undefined) lines.push(`body: JSON.stringify(${JSON.stringify(request.json)}),`);
  if (request.text) lines.push(`body: ${JSON.stringify(request.text)},`);
  if (request.unkept) lines.push("body, // as it was: it is not kept");
  if (request.form) lines.push("body: form,");
  const call = `const response = await fetch(${JSON.stringify(request.url)}, {\n  ${lines.join("\n  ")}\n});`;
  return request.form ? `${formOf(request)}\n${call}` : call;
}

/** Return the two buttons that copy a request. */
export function snippetButtons(request, what) {
  return element(
    "span",
    { class: "snippets" },
    copyButton("curl", () => asCurl(request()), `${what} as curl`),
    copyButton("fetch", () => asFetch(request()), `${what} as fetch`),
  );
}

/**
 * Return the request of an exchange in the journal. Secrets are masked there: where the mock has a public credential of
 * its own, that goes in their place.
 */
export function requestOf({ method, url, request }, { text, whole }, seeds) {
  const form = request.fields.length ? request.fields : undefined;
  const fields = request.headers.filter(([name]) => !(form && name.toLowerCase() === "content-type"));
  const headers = Object.fromEntries(fields.map(([name, value]) => [name, unmasked(name, value, seeds)]));
  const body = whole ? { text } : { unkept: true };
  return { method, url, headers, ...(form ? { form, file: { name: "file" } } : body) };
}

function unmasked(name, value, seeds) {
  if (!MASK.test(value)) return value;
  const credential = extensions.credential(name.toLowerCase(), value, seeds);
  return credential ? value.replace(MASK, credential) : value;
}

const usualMethod = ({ json, text, unkept, form }) => (json !== undefined || text || unkept || form ? "POST" : "GET");

const headersOf = ({ headers }) => Object.entries(headers ?? {}).filter(([name]) => !OWN.test(name));

const headerInShell = (text, secret) => (secret && text.includes(secret) ? `"${text.replaceAll(secret, () => `$${TOKEN}`)}"` : quoted(text));

const inScript = (text, secret) => (secret && text.includes(secret) ? `\`${text.replaceAll(secret, () => `\${${TOKEN}}`)}\`` : JSON.stringify(text));

function formOf({ form }) {
  const lines = form.map((pair) => `form.append(${pair.map((part) => JSON.stringify(part)).join(", ")});`);
  return ["const form = new FormData();", ...lines, 'form.append("file", file); // it goes last: input.files[0] of a page, openAsBlob(path) of node:fs'].join("\n");
}
