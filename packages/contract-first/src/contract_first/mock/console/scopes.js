/** The scopes with state of their own: which of them the page is about, and their removal. */

import { control, scope, scoping } from "./api.js";
import { arrange, element, find, offer } from "./dom.js";
import { ask, mock, on } from "./mock.js";
import { act } from "./state.js";
import { counted, duration } from "./words.js";

export function start() {
  find("#scope").addEventListener("change", ({ target }) => choose(target.value));
  on("scopes", show);
}

function choose(name) {
  scope.value = name;
  scoping.dispatchEvent(new Event("chosen"));
  return ask();
}

function show() {
  const { scopes } = mock;
  find("#scopes").hidden = scopes.length === 0 && !scope.value;
  const names = new Set([...scopes.map(({ name }) => name), ...(scope.value ? [scope.value] : [])]);
  offer(find("#scope"), [["", "what all have in common"], ...[...names].map((name) => [name])], scope.value);
  arrange(find("#scopes-list"), scopes, ({ name }) => name, scopeItem, (item, { requests, idle_seconds }) => {
    item.querySelector("span").textContent = `${counted(requests, "request")}, idle for ${duration(idle_seconds)}`;
  });
}

function scopeItem({ name }) {
  const remove = async () => {
    if (scope.value === name) await choose(""); // a request that names it would make it again
    await act(() => control("DELETE", `/scopes/${encodeURIComponent(name)}`), `The scope ${name} is gone`);
  };
  return element("li", {}, element("code", {}, name), element("span", { class: "quiet" }), element("button", { type: "button", "aria-label": `Remove the scope ${name}`, click: remove }, "Remove"));
}
