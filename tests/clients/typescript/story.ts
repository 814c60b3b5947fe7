// The demonstration's story, told by openapi-fetch with the types that openapi-typescript writes.
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./scanner.js";

type Problem = components["schemas"]["ProblemDetails"];
const { SCANNER_API_URL, SCANNER_API_KEY, SCANNER_GTIN, SCANNER_PHOTO } = process.env as Record<string, string>;
const client = createClient<paths>({
  baseUrl: SCANNER_API_URL!,
  headers: { "X-API-Key": SCANNER_API_KEY! },
});

/** Return the data of an answer; the types leave no third thing beside data and problem. */
function ok<Data>(answer: { data?: Data; error?: Problem }): Data {
  if (answer.data === undefined) throw new Error(answer.error?.detail);
  return answer.data;
}

async function until<Found>(ask: () => Promise<Found>, isOver: (found: Found) => boolean): Promise<Found> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await ask();
    if (isOver(found)) return found;
    await setTimeout(200);
  }
  throw new Error("It took too long.");
}

const session = ok(await client.POST("/scanner/api/v1/sessions", { body: { capture_mode: "both" } }));
const ofSession = { path: { session_id: session.id } };
const scan = ok(
  await client.POST("/scanner/api/v1/captures", {
    body: { session_short_id: session.id, capture_type: "BARCODE", raw_value: SCANNER_GTIN! },
  }),
);
const capture = await until(
  async () => ok(await client.GET("/scanner/api/v1/captures/{id}", { params: { path: { id: scan.id } } })),
  ({ status }) => status === "COMPLETED" || status === "FAILED" || status === "NOT_FOUND",
);

const upload = ok(
  await client.GET("/scanner/api/v1/sessions/{session_id}/presigned-upload-url", {
    params: { ...ofSession, query: { photo_type: "ingredients", original_filename: "label.jpg" } },
  }),
);
const form = new FormData();
for (const [name, value] of Object.entries(upload.upload_fields)) form.append(name, String(value));
form.append("file", new Blob([await readFile(SCANNER_PHOTO!)]));
const posted = await fetch(upload.upload_url, { method: "POST", body: form });
const photo = ok(
  await client.POST("/scanner/api/v1/sessions/{session_id}/photos", {
    params: ofSession,
    body: {
      s3_key: upload.s3_key,
      photo_type: "ingredients",
      capture_short_id: scan.id,
      original_filename: "label.jpg",
    },
  }),
);

ok(await client.POST("/scanner/api/v1/sessions/{id}/submit", { params: { path: { id: session.id } } }));
const status = await until(
  async () => ok(await client.GET("/scanner/api/v1/sessions/{id}/status", { params: { path: { id: session.id } } })),
  ({ extraction_status }) => extraction_status === "ready",
);
const proposals = ok(
  await client.GET("/scanner/api/v1/captures/{id}/proposals", { params: { path: { id: scan.id } } }),
);
const proposal = proposals.find(({ field_name }) => field_name === "ingredients");
const reviewed = ok(
  await client.PATCH("/scanner/api/v1/proposals/{proposal_id}", {
    params: { path: { proposal_id: proposal!.id } },
    body: { status: "ACCEPTED" },
  }),
);
const applied = ok(await client.POST("/scanner/api/v1/captures/{id}/apply", { params: { path: { id: scan.id } } }));
const refusal = await client.GET("/scanner/api/v1/sessions/{id}", { params: { path: { id: "unknown" } } });

console.log(
  JSON.stringify({
    product: capture.product_name,
    posted: posted.status,
    photo_type: photo.photo_type,
    session: status.session_status,
    review: reviewed.status,
    applied: applied.map(({ field_name }) => field_name),
    refusal: refusal.error?.error_code,
  }),
);
