/** What this page has sent, to be copied. */

import { sending, sent } from "./api.js";
import { element, find } from "./dom.js";
import { snippetButtons } from "./snippets.js";
import { timeOfDay } from "./words.js";

export function start() {
  sending.addEventListener("sent", show);
}

function show() {
  find("#sent-count").textContent = String(sent.length);
  find("#sent-list").prepend(item(sent[0]));
  while (find("#sent-list").children.length > sent.length) find("#sent-list").lastElementChild.remove();
}

function item(request) {
  const url = request.url.replace(location.origin, "");
  return element(
    "li",
    {},
    element("time", {}, timeOfDay(request.at)),
    element("b", {}, request.method),
    element("code", { title: request.url }, url),
    snippetButtons(() => request, `${request.method} ${url}`),
  );
}
