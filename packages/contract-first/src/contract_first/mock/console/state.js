/** The clock of the mock, its reset, and what is to be copied. */

import { control } from "./api.js";
import { copyButton, element, find, say } from "./dom.js";
import { explained } from "./explain.js";
import { extensions } from "./extensions.js";
import { ask, changed, mock, on } from "./mock.js";
import { dateAndTime, timeOfDay } from "./words.js";

const HOUR = 3600;

export function start() {
  find("#keys").append(...keyItems());
  showDefects();
  for (const button of document.querySelectorAll("[data-clock]")) {
    button.addEventListener("click", () => turn(JSON.parse(button.dataset.clock)));
  }
  find("#freeze").addEventListener("change", ({ target }) => turn({ freeze: target.checked }));
  find("#set-clock").addEventListener("submit", setClock);
  find("#reset").addEventListener("click", () => find("#reset-dialog").showModal());
  find("#reset-dialog").addEventListener("close", ({ target }) => target.returnValue === "reset" && beginAgain());
  on("clock", showClock);
  setInterval(showClock, 1000);
}

function keyItems() {
  return extensions.keys(mock.seeds).filter(([, value]) => value).flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", { title: value }, element("code", {}, value), copyButton("copy", () => value, name)),
  ]);
}

function showDefects() {
  find("#defects").hidden = mock.defects.length === 0;
  find("#defects-count").textContent = mock.defects.length;
  find("#defects-list").append(
    ...mock.defects.map(({ source, line, pointer, reason, action }) =>
      element("li", {}, element("code", {}, `${source}${line ? `:${line}` : ""}#${pointer}`), ` ${reason} (${action})`),
    ),
  );
}

function beginAgain() {
  const keep = [...find("#reset-dialog").querySelectorAll("[name=keep]:checked")].map(({ value }) => value);
  act(() => control("POST", "/state/reset", { keep }), "The mock began again");
}

/** Do something, say that it is done, or show why it was refused; return whether it is done. */
export async function act(doing, message) {
  const place = find("#state-refused");
  place.replaceChildren();
  try {
    await doing();
    say(message);
  } catch (refused) {
    if (!refused.answer) throw refused;
    place.replaceChildren(explained(refused));
    place.scrollIntoView({ block: "nearest" });
  }
  await ask();
  return !place.hasChildNodes();
}

const turn = (change) => act(async () => changed("clock", await control("POST", "/clock", change)), "The clock is set");

function setClock(event) {
  event.preventDefault();
  turn({ now: `${event.target.elements.now.value}Z` });
}

function showClock() {
  const { frozen, offset_seconds } = mock.clock;
  const now = mock.now();
  for (const place of document.querySelectorAll(".mock-time")) {
    place.textContent = place.dataset.date === undefined ? timeOfDay(now) : dateAndTime(now);
    place.dataset.frozen = String(frozen);
  }
  find("#freeze").checked = frozen;
  find("#offset").textContent = frozen ? "stands still" : offsetText(offset_seconds);
}

function offsetText(seconds) {
  if (Math.abs(seconds) < 1) return "as the machine's";
  const [amount, unit] = Math.abs(seconds) < HOUR ? [seconds / 60, "min"] : [seconds / HOUR, "h"];
  return `${amount > 0 ? "+" : "\u2212"}${Math.abs(Math.round(amount * 10) / 10)} ${unit} from the machine's`;
}
