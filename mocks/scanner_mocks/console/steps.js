/** The steps of an upload: what is sent, and how it ended. */

import { element, find, say, statusBadge } from "./dom.js";
import { explained } from "./explain.js";
import { snippetButtons } from "./snippets.js";

/** Reset a step. */
export function reset(name) {
  const place = find(`#${name}`);
  place.replaceChildren();
  delete place.closest("li").dataset.state;
}

/** Send a step's request, showing it, and how it ended. */
export async function step(name, request, sendIt, extra = [], onEnd = () => {}) {
  const place = find(`#${name}`);
  const item = place.closest("li");
  const line = element("p", { class: "request" }, element("b", {}, request.method), " ", element("code", {}, withoutOrigin(request.url)), snippetButtons(() => request, "the request"));
  place.replaceChildren(line, ...extra);
  item.dataset.state = "busy";
  place.scrollIntoView({ block: "nearest" });
  try {
    const answer = await sendIt(request);
    line.prepend(statusBadge(answer.status));
    item.dataset.state = "done";
    say(`${nameOf(item)}: ${answer.status}`);
    onEnd(answer);
    return answer;
  } catch (refused) {
    item.dataset.state = "failed";
    line.prepend(statusBadge(refused.answer?.status ?? 0));
    place.append(explained(refused));
    onEnd(refused.answer);
    say(`${nameOf(item)}: ${refused.answer?.status || "no response"}`);
    place.querySelector(".refusal").scrollIntoView({ block: "nearest" });
    throw refused;
  }
}

const nameOf = (item) => item.querySelector("h3").firstChild.textContent.trim();

const withoutOrigin = (url) => url.replace(location.origin, "");

/** Return a response as elements. */
export function answerOf({ text, headers }, formatted) {
  if (!text) return [];
  const lines = headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return [
    element("pre", { tabIndex: 0 }, formatted(text)),
    element("details", {}, element("summary", {}, "Headers that the page may see"), element("pre", { tabIndex: 0 }, lines)),
  ];
}
