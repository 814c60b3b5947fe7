/** An exchange as a row of the journal, and its details once somebody wants to see them. */

import { look } from "./api.js";
import { PHONE, copyButton, element, statusBadge } from "./dom.js";
import { meaningOf, s3ErrorOf } from "./explain.js";
import { mock } from "./mock.js";
import { overrideForm } from "./override.js";
import { fieldsOf, policyText } from "./policy.js";
import { asCurl, asFetch, requestOf } from "./snippets.js";
import { bytes, milliseconds, pretty, prettyXml, timeOfDay } from "./words.js";

/** Return what the list keeps of an exchange: neither headers nor bodies. */
export function slim({ request: _, response, ...exchange }) {
  const { verdict, by_rule } = exchange;
  const refusal = exchange.server === "s3" && exchange.status >= 400 ? s3ErrorOf(bodyOf(response).text) : null;
  const ofResponse = (verdict?.response ?? []).map((violation) => ({ of: "response", ...violation }));
  const violations = [...(verdict?.request ?? []).map((violation) => ({ of: "request", ...violation })), ...(by_rule ? [] : ofResponse)];
  const byRule = by_rule ? ofResponse.map((violation) => ({ ...violation, of: "by rule: response" })) : [];
  const text = [exchange.method, exchange.url, exchange.operation, exchange.status, exchange.scope, exchange.request_id, exchange.fault, refusal?.code, refusal?.said];
  const searchable = [...text, ...[...violations, ...byRule].flatMap(({ detail, rule, where }) => [detail, rule, where])].join(" ").toLowerCase();
  return { ...exchange, violations, byRule, refusal, target: targetOf(exchange), searchable };
}

/** Return path and query, without what all paths of the contract begin with. */
function targetOf({ url, server }) {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const { root } = mock.contract;
  return server === "api" && root && target.startsWith(`${root}/`) ? `…${target.slice(root.length)}` : target;
}

export function row(exchange) {
  const { number, violations, byRule } = exchange;
  const details = element("div", { class: "details", id: `exchange-${number}`, hidden: true });
  const button = element(
    "button",
    { type: "button", class: "line", "aria-expanded": "false", "aria-controls": details.id, click: () => toggle(exchange, button, details) },
    element("span", { class: "method" }, exchange.method),
    statusBadge(exchange.status),
    element("span", { class: "target", title: exchange.url }, exchange.target),
    element("span", { class: "marks" }, ...marks(exchange)),
    element("span", { class: "took" }, milliseconds(exchange.milliseconds)),
    element("time", { dateTime: exchange.started }, timeOfDay(exchange.started)),
  );
  const broken = violations.length > 0 && element("ul", { class: "violations" }, violations.map(sentence));
  const asked = byRule.length > 0 && element("ul", { class: "by-rule" }, byRule.map(sentence));
  return element("li", { class: violations.length ? "exchange broken" : "exchange" }, button, broken, asked, refused(exchange), details);
}

function marks({ server, service, fault, scope }) {
  return [
    server === "s3" && element("span", { class: "mark server" }, "S3"),
    service && element("span", { class: "mark", title: "Service" }, service),
    ...(fault ?? "").split(" ").filter(Boolean).map(ruleMark),
    scope && element("span", { class: "mark", title: "X-Mock-Scope" }, scope),
  ];
}

function ruleMark(id) {
  return element("span", { class: "mark fault", title: `${id} applied` }, id.startsWith("override") ? "override" : "fault");
}

/** Return S3's own sentence, and what it means. */
function refused({ refusal }) {
  if (!refusal) return null;
  const { code, said } = refusal;
  return element("p", { class: "refused", title: meaningOf(code) ?? "" }, element("b", {}, code), ` ${said}`);
}

function sentence({ of, part, where, detail, pointer }) {
  return element(
    "li",
    {},
    element("b", {}, `${of} ${part}`),
    where && element("code", {}, ` ${where}`),
    ` ${detail} `,
    pointer && element("code", { class: "pointer", title: "Where the contract says so" }, pointer),
  );
}

async function toggle(exchange, button, details) {
  const open = button.getAttribute("aria-expanded") === "false";
  button.setAttribute("aria-expanded", String(open));
  details.hidden = !open;
  if (open && !details.children.length) details.replaceChildren(...(await contentOf(exchange)));
}

/** Return the details of an exchange, asked for when somebody wants to see them. */
async function contentOf({ number, violations, verdict, refusal }) {
  const { exchanges } = await look(`/journal?after=${number - 1}&limit=1`).catch(() => ({}));
  if (!exchanges) return [element("p", {}, "The mock does not respond.")];
  const exchange = exchanges.find((candidate) => candidate.number === number);
  if (!exchange) return [element("p", {}, "The journal has forgotten this exchange.")];
  const request = () => requestOf(exchange, bodyOf(exchange.request), mock.seeds);
  return [
    element(
      "p",
      { class: "facts" },
      element("span", {}, exchange.operation || "no operation of the contract"),
      copyButton("curl", () => asCurl(request()), "the request as curl"),
      copyButton("fetch", () => asFetch(request()), "the request as fetch"),
      copyButton("JSON", () => JSON.stringify(exchange, null, 2), "the exchange as JSON"),
    ),
    element("pre", { class: "url", tabIndex: 0 }, exchange.url),
    refusal && meaningOf(refusal.code) && element("p", {}, meaningOf(refusal.code)),
    verdict?.unjudged && !violations.length && element("p", { class: "quiet" }, `Not validated: ${verdict.unjudged}.`),
    element("div", { class: "messages" }, message("Request", exchange.request), message("Response", exchange.response)),
    exchange.server === "api" && overrideForm(exchange, bodyOf(exchange.response).text),
  ].filter(Boolean);
}

function message(title, { headers, fields, ...content }) {
  const { text, note } = bodyOf({ headers, ...content });
  return element(
    "section",
    {},
    element("h3", {}, title),
    element("p", { class: "quiet" }, note),
    text && element("pre", { tabIndex: 0 }, formatted(headers, text)),
    fields.length > 0 && element("h4", {}, "Form"),
    fields.length > 0 && formOf(fields),
    element("details", { class: "headers", open: !matchMedia(PHONE).matches }, element("summary", {}, `Headers (${headers.length})`), element("dl", { class: "fields" }, pairs(headers))),
  );
}

/** Return the fields of a form, and its policy as JSON if it has one. */
function formOf(fields) {
  const { policy, lines } = fieldsOf(fields);
  const decoded = policy && element("details", {}, element("summary", {}, "Policy, decoded"), element("pre", { tabIndex: 0 }, policyText(policy)));
  return element("div", {}, element("dl", { class: "fields" }, lines), decoded);
}

const pairs = (all) => all.flatMap(([name, value]) => [element("dt", {}, name), element("dd", { title: value }, value)]);

const formatted = (headers, text) => (mediaType(headers).includes("xml") ? prettyXml(text) : pretty(text));

const mediaType = (headers) => headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";

/** Return a body as text, if it is some, what is to be said of it, and whether the text is all of it. */
function bodyOf({ headers, body, body_bytes }) {
  if (!body_bytes) return { text: "", note: "No body", whole: true };
  const raw = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  if (!raw.length) return { text: "", note: `Body, ${bytes(body_bytes)}, of which nothing is kept`, whole: false };
  const whole = raw.length === body_bytes;
  const note = raw.length < body_bytes ? `Body, the first ${bytes(raw.length)} of ${bytes(body_bytes)}` : `Body, ${bytes(body_bytes)}`;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(raw, { stream: raw.length < body_bytes });
    return { text, note, whole };
  } catch {
    return { text: "", note: `${note}, not text: ${mediaType(headers) || "of no media type"}`, whole: false };
  }
}
