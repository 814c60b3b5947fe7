/** What the page sends: to the control API, to the mock's API and to S3. */

const TOKEN = "mock-control-token";
const CONTROL = "/_mock";
const MOST_SENT = 50;

/** The control token, kept for as long as the tab is there. */
export const controlToken = {
  get value() {
    return sessionStorage.getItem(TOKEN) ?? "";
  },
  set value(token) {
    sessionStorage.setItem(TOKEN, token);
  },
};

/** The scope that the page is about; empty for what all have in common. */
export const scope = { value: "" };
export const scoping = new EventTarget();

/** Return the query that names a service; empty where the mock has one contract. */
export const ofService = (service) => (service ? `?service=${encodeURIComponent(service)}` : "");

/** What was sent last, the newest first. */
export const sent = [];
export const sending = new EventTarget();

/** A response that is none of 2xx, or none at all (status 0). */
export class Refused extends Error {
  constructor(answer) {
    super(answer.json?.detail ?? (answer.status ? `HTTP ${answer.status}` : "The connection ended without a response."));
    this.answer = answer;
  }
}

/**
 * Send a request, and return its response.
 * @param {{method: string, url: string, headers?: Object<string, string>, json?: unknown}} request
 */
export async function send(request) {
  note(request);
  const headers = { ...request.headers, ...(request.json === undefined ? {} : { "Content-Type": "application/json" }) };
  const body = request.json === undefined ? undefined : JSON.stringify(request.json);
  try {
    const answer = await fetch(request.url, { method: request.method, headers, body, cache: "no-store" });
    return accepted(answered(answer.status, [...answer.headers], await answer.text()));
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(answered(0, [], ""));
  }
}

/** Post a form with a file, telling how much of it has gone; `fetch` cannot tell that. */
export function post(request, progressed) {
  note(request);
  const form = new FormData();
  for (const [name, value] of request.form) form.append(name, value);
  form.append("file", request.file);
  return new Promise((done, failed) => {
    const exchange = new XMLHttpRequest();
    exchange.open("POST", request.url);
    exchange.upload.addEventListener("progress", ({ loaded, total }) => progressed(loaded, total));
    exchange.addEventListener("loadend", () => {
      const answer = answered(exchange.status, headersOf(exchange), exchange.responseText);
      answer.status >= 200 && answer.status < 300 ? done(answer) : failed(new Refused(answer));
    });
    exchange.send(form);
  });
}

/** Ask the control API for something; throws Refused. */
export const control = async (method, path, json) => (await send(controlRequest(method, path, json))).json;

/** Ask without telling in the list of what was sent, since the page does so again and again. */
export async function look(path, json) {
  const { method, url, headers } = controlRequest(json === undefined ? "GET" : "POST", path, json);
  const sent = json === undefined ? {} : { body: JSON.stringify(json), headers: { ...headers, "Content-Type": "application/json" } };
  const answer = await fetch(url, { method, headers, cache: "no-store", ...sent }).catch(() => null);
  if (answer === null) throw new Refused(answered(0, [], ""));
  return accepted(answered(answer.status, [...answer.headers], await answer.text())).json;
}

export function controlRequest(method, path, json) {
  const token = controlToken.value;
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(scope.value && { "X-Mock-Scope": scope.value }) };
  return { method, url: new URL(CONTROL + path, location.origin).href, headers, json, secret: token };
}

/**
 * Listen to the mock, from the first exchange in its journal on. When the connection ends the browser goes on by itself,
 * from what was heard last, unless it was refused (`closed`). Returns what ends it.
 */
export function listen(names, { hear, opened, ended }) {
  const url = new URL(`${CONTROL}/events?last_event_id=`, location.origin);
  if (scope.value) url.searchParams.set("scope", scope.value);
  if (controlToken.value) url.searchParams.set("token", controlToken.value);
  const source = new EventSource(url);
  for (const name of names) source.addEventListener(name, ({ data }) => hear(name, JSON.parse(data)));
  source.addEventListener("open", opened);
  source.addEventListener("error", () => {
    const closed = source.readyState === EventSource.CLOSED; // else the browser tries again by itself
    ended(closed);
  });
  return () => source.close();
}

function answered(status, headers, text) {
  return { status, headers, text, json: jsonOf(text) };
}

function accepted(answer) {
  if (answer.status < 200 || answer.status >= 300) throw new Refused(answer);
  return answer;
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function headersOf(exchange) {
  const lines = exchange.getAllResponseHeaders().trim().split("\r\n").filter(Boolean);
  return lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
}

function note(request) {
  sent.unshift({ ...request, at: Date.now() });
  sent.length = Math.min(sent.length, MOST_SENT);
  sending.dispatchEvent(new Event("sent"));
}
