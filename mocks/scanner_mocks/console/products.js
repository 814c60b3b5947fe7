/** The catalogue, as a sheet of bar codes and QR codes that a phone is pointed at, from the screen or printed. */

import { look } from "./api.js";
import { element, find, say } from "./dom.js";
import { on } from "./mock.js";

const PAGE = 24;
const QUIET = 4; // modules around a QR code; 11 beside bars
const BESIDE = 11;
const TALL = 40;
let page = 1;

export function start() {
  find("#sheet-print").addEventListener("click", () => print());
  find("#sheet-previous").addEventListener("click", () => turn(page - 1));
  find("#sheet-next").addEventListener("click", () => turn(page + 1));
  addEventListener("hashchange", () => isShown() && turn(page));
  on("state", () => isShown() && !find("#sheet").children.length && turn(page));
}

const isShown = () => location.hash === "#products";

async function turn(to) {
  try {
    const { products, total } = await look(`/products?page=${to}&page_size=${PAGE}`);
    page = to;
    const pages = Math.max(1, Math.ceil(total / PAGE));
    find("#sheet").replaceChildren(...products.map(productItem));
    find("#products-count").textContent = total;
    find("#sheet-page").textContent = `page ${page} of ${pages}`;
    find("#sheet-previous").disabled = page <= 1;
    find("#sheet-next").disabled = page >= pages;
  } catch ({ message }) {
    say(message);
  }
}

function productItem({ gtin, name, brand_name, bars, link, qr }) {
  const symbols = [bars && drawing([bars], BESIDE, TALL, `Bar code of ${gtin}`), drawing(qr, QUIET, 1, `QR code of ${link}`)];
  return element("li", {}, element("b", {}, name), element("span", { class: "quiet" }, brand_name), element("div", { class: "symbols" }, symbols), element("code", {}, gtin));
}

/** Draw rows of modules, each so tall, with a quiet zone around them. */
function drawing(rows, quiet, tall, name) {
  const svg = find("#symbol").content.firstElementChild.cloneNode(true);
  const runs = rows.flatMap((row, y) => [...row.matchAll(/1+/g)].map(({ index, 0: run }) => `M${index + quiet} ${y * tall + QUIET}h${run.length}v${tall}h-${run.length}z`));
  svg.firstElementChild.setAttribute("d", runs.join(""));
  const attributes = { viewBox: `0 0 ${rows[0].length + 2 * quiet} ${rows.length * tall + 2 * QUIET}`, "aria-label": name };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  return svg;
}
