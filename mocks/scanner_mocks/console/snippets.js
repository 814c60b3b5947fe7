/** A request as a curl command and as a call of fetch, to be pasted where they are wanted. */

import { copyButton, element } from "./dom.js";

/** Fields that curl and fetch write themselves, or that speak of the browser alone. */
const OWN = /^(host|content-length|connection|accept-encoding|accept-language|user-agent|origin|referer|priority|sec-.*|:.*)$/i;
const SAFE = /^[\w./:@%+=,-]+$/;
const TOKEN = "$CONTROL_TOKEN";

/** Quote for a POSIX shell. */
export const quoted = (text) => (SAFE.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

export function asCurl(request) {
  const parts = [`curl ${/[[\]{}]/.test(request.url) ? "-g " : ""}${quoted(request.url)}`];
  if (request.method === "HEAD") parts.push("--head");
  else if (request.method !== usualMethod(request)) parts.push(`-X ${quoted(request.method)}`);
  parts.push(...headersOf(request).map(([name, value]) => `-H ${headerInShell(`${name}: ${value}`, request.secret)}`));
  if (request.json !== undefined) parts.push(`--json ${quoted(JSON.stringify(request.json))}`);
  if (request.text) parts.push(`--data-raw ${quoted(request.text)}`);
  if (request.form) parts.push(...request.form.map(([name, value]) => `--form-string ${quoted(`${name}=${value}`)}`));
  if (request.file) parts.push(`-F ${quoted(`file=@"${request.file.name.replaceAll(/["\\]/g, "\\$&")}"`)}`);
  return parts.join(" \\\n  ");
}

export function asFetch(request) {
  const headers = headersOf(request).map(([name, value]) => [name, hidden(value, request.secret)]);
  if (request.json !== undefined) headers.push(["Content-Type", "application/json"]);
  const lines = [`method: ${JSON.stringify(request.method)},`];
  if (headers.length) lines.push(`headers: ${JSON.stringify(Object.fromEntries(headers))},`);
  if (request.json !== undefined) lines.push(`body: JSON.stringify(${JSON.stringify(request.json)}),`);
  if (request.text) lines.push(`body: ${JSON.stringify(request.text)},`);
  if (request.form) lines.push("body: form,");
  const call = `const answer = await fetch(${JSON.stringify(request.url)}, {\n  ${lines.join("\n  ")}\n});`;
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

/** Return the request of an exchange in the journal, its secrets masked as they are there. */
export function requestOf(exchange, text) {
  const { headers, fields } = exchange.request;
  const form = fields.length ? fields : undefined;
  const told = form ? headers.filter(([name]) => name.toLowerCase() !== "content-type") : headers;
  const file = form && { name: "photo.jpg" };
  return { method: exchange.method, url: exchange.url, headers: Object.fromEntries(told), text, form, file };
}

const usualMethod = ({ json, text, form }) => (json !== undefined || text || form ? "POST" : "GET");

const headersOf = ({ headers }) => Object.entries(headers ?? {}).filter(([name]) => !OWN.test(name));

const hidden = (text, secret) => (secret ? text.replaceAll(secret, TOKEN) : text);

const headerInShell = (text, secret) => (secret && text.includes(secret) ? `"${hidden(text, secret)}"` : quoted(text));

function formOf({ form }) {
  const lines = form.map((pair) => `form.append(${pair.map((each) => JSON.stringify(each)).join(", ")});`);
  return ["const form = new FormData();", ...lines, 'form.append("file", file); // such as input.files[0]; it goes last'].join("\n");
}
