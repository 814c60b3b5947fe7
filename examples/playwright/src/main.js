const API = `${import.meta.env.SCANNER_API_URL}/scanner/api/v1`;
const KEY = import.meta.env.SCANNER_API_KEY_PUBLISHABLE;
const [input, progress, status, alert, gallery] = ["input", "progress", "[role=status]", "[role=alert]", "ul"].map(
  (selector) => document.querySelector(selector),
);
const session = call("POST", "/sessions", { capture_mode: "product_photography" });

input.addEventListener("change", async () => {
  alert.textContent = "";
  try {
    await upload((await session).id, input.files[0]);
  } catch (error) {
    alert.textContent = error.message;
  }
});

async function upload(id, file) {
  const query = new URLSearchParams({ photo_type: "front", original_filename: file.name });
  const form = await call("GET", `/sessions/${id}/presigned-upload-url?${query}`);
  await post(form, file);
  await call("POST", `/sessions/${id}/photos`, { s3_key: form.s3_key, photo_type: "front" });
  await show(id);
  status.textContent = `${file.name} is uploaded.`;
}

async function show(id) {
  const { data } = await call("GET", `/sessions/${id}/photos`);
  const items = data.map((photo) => {
    const item = document.createElement("li");
    item.textContent = `${photo.photo_type}, ${photo.file_size} bytes`;
    return item;
  });
  gallery.replaceChildren(...items);
}

async function call(method, path, body) {
  const headers = { "X-API-Key": KEY, "Content-Type": "application/json" };
  if (method !== "GET") headers["Idempotency-Key"] = crypto.randomUUID();
  const request = { method, headers, body: body && JSON.stringify(body) };
  // once more if no response comes: with its key, the request has one effect however often it is sent
  const answer = await fetch(API + path, request).catch(() => fetch(API + path, request));
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.detail);
  return content;
}

/** Post the form as it was signed, the file last; XMLHttpRequest tells how far it is. */
function post({ upload_url: url, upload_fields: fields }, file) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "document";
    request.upload.onprogress = ({ loaded, total }) => (progress.value = loaded / total);
    request.onerror = () => reject(new Error("S3 cannot be reached."));
    request.onload = () => (request.status === 201 ? resolve() : reject(new Error(reasonOf(request))));
    request.send(form);
  });
}

function reasonOf(request) {
  return request.response?.querySelector("Message")?.textContent ?? request.statusText;
}
