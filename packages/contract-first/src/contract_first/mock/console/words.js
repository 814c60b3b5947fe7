/** Numbers and times, as people read them. */

const UNITS = ["B", "KiB", "MiB", "GiB"];

export function bytes(count) {
  let unit = 0;
  for (; count >= 1024 && unit < UNITS.length - 1; unit++) count /= 1024;
  return `${unit ? count.toFixed(1) : count} ${UNITS[unit]}`;
}

export function milliseconds(count) {
  if (count < 10) return `${count.toFixed(1)} ms`;
  return count < 10_000 ? `${Math.round(count)} ms` : `${(count / 1000).toFixed(1)} s`;
}

const two = (number) => String(number).padStart(2, "0");

/** Return how long something takes, such as 59:07 or 1:00:00. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Return the time of day in UTC, as the mock tells it. */
export const timeOfDay = (time) => new Date(time).toISOString().slice(11, 19);

export const dateAndTime = (time) => new Date(time).toISOString().slice(0, 19).replace("T", " ");

export const counted = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** Return JSON with indentation, or the text as it is if it is none. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Return XML with an element a line, or the text as it is if it is none. */
export function prettyXml(text) {
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  return parsed.querySelector("parsererror") ? text : linesOf(parsed.documentElement, "").join("\n");
}

function linesOf(node, indentation) {
  if (!node.children.length) return [`${indentation}<${node.tagName}>${node.textContent}</${node.tagName}>`];
  const inner = [...node.children].flatMap((child) => linesOf(child, `${indentation}  `));
  return [`${indentation}<${node.tagName}>`, ...inner, `${indentation}</${node.tagName}>`];
}
