// What a web app needs of the Scanner API: a session, and photos in it.

/** What the API or S3 refused, in its own words. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A client of the API; `key` is an API key, publishable in a browser. */
export class Scanner {
  constructor(url, key) {
    this.url = `${url}/scanner/api/v1`;
    this.key = key;
  }

  async openSession() {
    const session = await this.#call("POST", "/sessions", { capture_mode: "product_photography" });
    return session.id;
  }

  async photosOf(session) {
    return (await this.#call("GET", `/sessions/${session}/photos`)).data;
  }

  /** Put a photo straight into S3, then register it with the session. */
  async uploadPhoto(session, file, photoType) {
    const query = new URLSearchParams({ photo_type: photoType, original_filename: file.name });
    const upload = await this.#call("GET", `/sessions/${session}/presigned-upload-url?${query}`);
    await post(upload, file);
    return this.#call("POST", `/sessions/${session}/photos`, {
      s3_key: upload.s3_key,
      photo_type: photoType,
      original_filename: file.name,
      file_size: file.size,
    });
  }

  async #call(method, path, body) {
    const headers = { "X-API-Key": this.key, "Content-Type": "application/json" };
    if (method !== "GET") headers["Idempotency-Key"] = crypto.randomUUID();
    const request = { method, headers, body: body && JSON.stringify(body) };
    // once more if no response comes: with its key, the request has one effect however often it is sent
    const answer = await fetch(this.url + path, request).catch(() => fetch(this.url + path, request));
    const content = await answer.json();
    if (!answer.ok) throw new Refused(answer.status, reasonOf(content));
    return content;
  }
}

/** The detail of a problem (RFC 9457), and what was wrong with each part of the request. */
function reasonOf({ detail, errors = [] }) {
  const parts = errors.map((error) => `${error.name ?? error.pointer}: ${error.detail}`);
  return [detail, ...parts].join(" ");
}

/** Post the form as it was signed: its fields first, the file last, since S3 reads nothing after it. */
async function post({ upload_url: url, upload_fields: fields }, file) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  const answer = await fetch(url, { method: "POST", body: form });
  if (!answer.ok) {
    const [, message] = /<Message>(.*?)<\/Message>/.exec(await answer.text()) ?? [];
    throw new Refused(answer.status, message ?? answer.statusText);
  }
}
