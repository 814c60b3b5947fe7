/** Elements, made from text that is never markup. */

/** What cannot be seen, or turns around what stands beside it; tabs and ends of lines are meant. */
const UNSEEN = /[\0-\x08\v-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Return text with an escape for each character that would deceive the eye. */
export const seen = (text) =>
  String(text).replaceAll(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * Return an element. Functions listen, strings are attributes, everything else is a property.
 * @param {string} name
 * @param {Object<string, unknown>} attributes
 * @param {...(Node|string|null|false|Array)} children
 */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (typeof value === "string") node.setAttribute(key, value);
    else if (value !== undefined) node[key] = value;
  }
  const there = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  node.append(...there.map((child) => (child instanceof Node ? child : seen(child))));
  return node;
}

/** The media query of a phone's width, as the stylesheet has it. */
export const PHONE = "(width < 620px)";

export const find = (selector) => document.querySelector(selector);

/** Put a list's items in place, by key: what is there already stays as it is, and so do focus and pictures. */
export function arrange(list, items, key, make, renew = () => {}) {
  const there = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const children = items.map((item) => {
    const existing = there.get(key(item));
    const child = existing ?? make(item);
    child.dataset.key = key(item);
    renew(child, item);
    return child;
  });
  children.forEach((child, index) => list.children[index] !== child && list.insertBefore(child, list.children[index] ?? null));
  while (list.children.length > children.length) list.lastElementChild.remove();
}

/** Offer values with what is shown for them; what was chosen stays chosen if it is among them. */
export function offer(select, pairs, chosen = select.value) {
  const offered = JSON.stringify(pairs);
  if (select.dataset.offered === offered) return;
  select.dataset.offered = offered;
  select.replaceChildren(...pairs.map(([value, text = value]) => element("option", { value }, text)));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

/** Announce something to screen readers, and show it for a moment. */
export function say(text) {
  const notice = find("#told");
  notice.textContent = text;
  notice.dataset.shown = "";
  clearTimeout(say.timer);
  say.timer = setTimeout(() => delete notice.dataset.shown, 2500);
}

/** Return a button that copies what `text` returns by then. */
export function copyButton(label, text, what = label) {
  return element("button", { type: "button", class: "copy", "aria-label": `Copy ${what}`, click: () => copy(text(), what) }, label);
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyOfOld(text); // a page that came over plain HTTP from another machine has no clipboard
  }
  say(`Copied ${what}`);
}

function copyOfOld(text) {
  const area = element("textarea", { class: "away", value: text });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  focused?.focus();
}

/** Return a badge for a status: 0 is a connection that ended without one. */
export function statusBadge(status) {
  return element("span", { class: "status", "data-class": String(Math.floor(status / 100)) }, status ? String(status) : "none");
}
