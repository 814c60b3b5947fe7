/** A photo as a thumbnail; its picture comes from S3, once. */

import { copyButton, element } from "./dom.js";

export function photoFigure({ photo_type, s3_key, label, url }) {
  const picture = element("img", { src: url, alt: `Photo: ${label || photo_type}`, loading: "lazy", width: 120, height: 120 });
  picture.addEventListener("error", () => picture.replaceWith(element("span", { class: "no-picture" }, "no picture")));
  const open = element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, picture);
  const caption = element("figcaption", {}, element("span", {}, photo_type), copyButton("key", () => s3_key, "the object's key"));
  return element("figure", { title: s3_key }, open, caption);
}
