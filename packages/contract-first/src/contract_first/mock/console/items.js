/** The items of a stateful mock, by collection: listed, created, edited and deleted. */

import { control, look, ofService } from "./api.js";
import { arrange, element, find } from "./dom.js";
import { mock, on } from "./mock.js";
import { act } from "./state.js";
import { counted } from "./words.js";

const PAGE = 50;

export function start() {
  on("state", show);
  on("service", show);
}

function show() {
  const collections = (mock.state.collections ?? []).filter(({ service }) => !mock.service || service === mock.service);
  find("#collections").hidden = collections.length === 0;
  find("#collections-count").textContent = collections.length;
  arrange(find("#collections > ul"), collections, ({ service, path }) => (service ? `${service} ${path}` : path), collectionItem, (item, { items }) => {
    item.querySelector(".count").textContent = counted(items, "item");
    if (item.querySelector("details").open) list(item);
  });
}

function collectionItem({ service = "", path, key, operations }) {
  const item = element("li");
  Object.assign(item.dataset, { service, path });
  const more = element("button", { type: "button", hidden: true, click: () => list(item, item.querySelector("ul").children.length + PAGE) }, "Show more");
  const place = element("input", { value: path, required: true, maxLength: 1000, spellcheck: false });
  const creating = editor("{}", "Create", (value) => act(() => control("POST", `/items${ofService(service)}`, { collection: place.value, value }), "The item is created"));
  creating.prepend(element("label", { class: "field" }, "In", place));
  item.append(
    element(
      "details",
      { toggle: ({ target }) => target.open && list(item) },
      element("summary", {}, service && [element("span", { class: "mark" }, service), " "], element("code", {}, path), " ", element("span", { class: "count" }), key && ` by ${key}`, `: ${operations.join(", ")}`),
      element("ul", { class: "list items", "aria-label": `Items of ${path}` }),
      more,
      element("details", {}, element("summary", {}, "New item"), creating),
    ),
  );
  return item;
}

/** Fetch and show as many items as are shown; an item that is being edited stays as it is. */
async function list(place, limit = Math.max(PAGE, place.querySelector("ul").children.length)) {
  const turn = (place.turn = (place.turn ?? 0) + 1);
  const { service, path } = place.dataset;
  const items = [];
  let total = Infinity;
  while (items.length < Math.min(limit, total)) {
    const query = new URLSearchParams({ ...(service && { service }), collection: path, offset: items.length, limit: Math.min(200, limit - items.length) });
    const page = await look(`/items?${query}`).catch(() => ({ items: [], total: 0 }));
    total = page.total;
    items.push(...page.items);
    if (!page.items.length) break;
  }
  if (turn !== place.turn) return; // what was asked for later is newer
  arrange(place.querySelector("ul"), items, ({ id }) => id, (item) => storedItem(item, service), renewItem);
  place.querySelector("details > button").hidden = items.length >= total;
}

function storedItem({ id, collection }, service) {
  const item = element("li");
  const name = `${collection} ${id}`;
  const remove = () => act(() => control("DELETE", `/items/${id}${ofService(service)}`), "The item is deleted");
  const edit = () => {
    const save = async (value) => (await act(() => control("PUT", `/items/${id}${ofService(service)}`, { value }), "The item is changed")) && close();
    const form = editor(JSON.stringify(item.value, null, 2), "Save", save);
    const close = () => {
      form.replaceWith(...buttons);
      buttons[0].focus();
    };
    form.append(element("button", { type: "button", click: close }, "Cancel"));
    buttons[1].remove();
    buttons[0].replaceWith(form);
    form.querySelector("textarea").focus();
  };
  const buttons = [
    element("button", { type: "button", "aria-label": `Edit ${name}`, click: edit }, "Edit"),
    element("button", { type: "button", class: "danger", "aria-label": `Delete ${name}`, click: remove }, "Delete"),
  ];
  item.append(element("code"), ...buttons);
  return item;
}

function renewItem(item, { value }) {
  item.value = value;
  item.querySelector("code").textContent = JSON.stringify(value);
}

/** Return a form for a JSON value, which is sent only once it is one. */
function editor(text, name, send) {
  const area = element("textarea", { rows: Math.min(12, text.split("\n").length + 1), spellcheck: false, "aria-label": "Item as JSON" }, text);
  const submit = (event) => {
    event.preventDefault();
    try {
      send(JSON.parse(area.value));
    } catch ({ message }) {
      area.setCustomValidity(message);
      area.reportValidity();
    }
  };
  return element("form", { class: "editor", submit, input: () => area.setCustomValidity("") }, area, element("button", { class: "primary" }, name));
}
