/** What a refusal means, and what helps. */

import { element } from "./dom.js";

const S3_CODES = {
  AccessDenied: "The form's policy does not allow this: it has expired, or a field is not what the policy says. Send every field of the response unchanged.",
  EntityTooLarge: "The file is larger than the policy's content-length-range allows.",
  EntityTooSmall: "The file is smaller than the policy's content-length-range allows; is it empty?",
  MalformedPOSTRequest: "The body is no well-formed multipart/form-data. Let the browser write Content-Type: its boundary belongs to the body.",
  InvalidPolicyDocument: "The policy is no Base64 of a JSON policy. Send the field as it came.",
  SignatureDoesNotMatch: "The signature is not the policy's. Send policy and x-amz-signature as they came.",
  InvalidAccessKeyId: "S3 does not know the access key in x-amz-credential.",
  ExpiredToken: "The temporary credentials of the signer have expired.",
  RequestTimeTooSkewed: "The request's time and S3's are too far apart; look at the clock.",
  SlowDown: "S3 is busy. Wait, longer each time, and try again.",
  ServiceUnavailable: "S3 is unavailable. Retry with increasing delays.",
  InternalError: "S3 failed. Try again.",
  RequestTimeout: "The upload stood still for too long. Try again.",
  NoSuchBucket: "The bucket is not there; a reset creates it again.",
  InvalidArgument: "A field is missing or is not what S3 expects; the file has to be the last of them.",
  BadDigest: "The file's bytes are not those that the checksum field promises.",
};

const STATUSES = {
  400: "The request cannot be read as it is.",
  401: "The credential is missing, unknown, revoked or expired.",
  403: "The credential is good, but not for this: another organization's, or a publishable key.",
  404: "There is no such thing, or it is another organization's.",
  409: "It is no longer, or not yet, in the state that this needs; the detail names the state.",
  413: "The body is larger than the limit.",
  422: "Parts of the request violate the contract; each is listed below.",
  429: "The rate limit is reached. Wait for as long as Retry-After says.",
  500: "The server failed. Trying again may help.",
  503: "The server is unavailable. Retry with increasing delays.",
};

const CUT_OFF =
  "The connection ended before there was a response: it was dropped, the mock has stopped, or the response lacks the fields by which CORS lets a page read it. Is a fault on?";

export const meaningOf = (code) => S3_CODES[code];

/** Return a refusal as an element: what was said, what it means, and the parts that are named. */
export function explained({ answer, message }) {
  const { code, said } = s3ErrorOf(answer.text) ?? { code: "", said: message };
  const title = code || answer.json?.title || (answer.status ? `HTTP ${answer.status}` : "No response");
  const meaning = answer.status ? (meaningOf(code) ?? STATUSES[answer.status] ?? "") : CUT_OFF;
  const wait = answer.headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1];
  return element(
    "div",
    { class: "refusal", role: "alert" },
    element("p", {}, element("strong", {}, title), answer.status ? ` ${said}` : ""),
    meaning && element("p", { class: "meaning" }, meaning, wait ? ` Retry-After: ${wait} s.` : ""),
    partsOf(answer.json?.errors),
  );
}

function partsOf(errors) {
  if (!Array.isArray(errors) || !errors.length) return null;
  const parts = errors.map((error) =>
    element("li", {}, element("code", {}, `${error.in ?? ""} ${error.pointer ?? error.name ?? ""}`.trim()), ` ${error.detail ?? ""}`),
  );
  return element("ul", {}, parts);
}

/** Return code and sentence of an error of S3; null if the text is none. */
export function s3ErrorOf(text) {
  if (!text.startsWith("<")) return null;
  const error = new DOMParser().parseFromString(text, "application/xml").querySelector("Error");
  const child = (name) => error?.querySelector(name)?.textContent ?? "";
  return error && { code: child("Code"), said: child("Message") };
}
