// The AWS SDK for JavaScript v3 with its defaults: nothing but the environment says where S3 is.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { CopyObjectCommand, DeleteObjectsCommand, GetObjectAttributesCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const client = new S3Client({});
const Bucket = process.env.S3_BUCKET;
const large = randomBytes(11 * 1024 * 1024);
const bytes = async (command) => Buffer.from(await (await client.send(command)).Body.transformToByteArray());

await client.send(new PutObjectCommand({ Bucket, Key: "js/a b+ü.txt", Body: "0123456789", ContentDisposition: 'attachment; filename="u.txt"', Metadata: { a: "b" } }));
assert.equal((await bytes(new GetObjectCommand({ Bucket, Key: "js/a b+ü.txt" }))).toString(), "0123456789");
assert.equal((await bytes(new GetObjectCommand({ Bucket, Key: "js/a b+ü.txt", Range: "bytes=2-4" }))).toString(), "234");
for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"]) {
  await client.send(new PutObjectCommand({ Bucket, Key: "js/sum", Body: "x", ChecksumAlgorithm }));
  assert.ok((await client.send(new HeadObjectCommand({ Bucket, Key: "js/sum", ChecksumMode: "ENABLED" })))[`Checksum${ChecksumAlgorithm}`]);
}
// a stream of unknown length goes out in aws-chunked, with a trailer
await client.send(new PutObjectCommand({ Bucket, Key: "js/stream", Body: Readable.from([Buffer.from("a".repeat(70_000))]), ContentLength: 70_000 }));
assert.equal((await bytes(new GetObjectCommand({ Bucket, Key: "js/stream" }))).length, 70_000);

const upload = new Upload({ client, params: { Bucket, Key: "js/large", Body: Readable.from([large.subarray(0, 6e6), large.subarray(6e6)]) } });
const told = await upload.done();
assert.ok(told.Location.endsWith("/js/large") || told.Location.endsWith("/js%2Flarge"), told.Location);
assert.ok((await bytes(new GetObjectCommand({ Bucket, Key: "js/large" }))).equals(large));
const part = await client.send(new GetObjectCommand({ Bucket, Key: "js/large", PartNumber: 2 }));
assert.equal(part.PartsCount, 3);
assert.ok(Buffer.from(await part.Body.transformToByteArray()).equals(large.subarray(5 * 1024 * 1024, 10 * 1024 * 1024)));
const attributes = await client.send(new GetObjectAttributesCommand({ Bucket, Key: "js/large", ObjectAttributes: ["ETag", "ObjectParts", "ObjectSize", "Checksum"] }));
assert.equal(attributes.ObjectParts.TotalPartsCount, 3);
await client.send(new CopyObjectCommand({ Bucket, Key: "js/copy", CopySource: `${Bucket}/js/large` }));

const put = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: "js/put" }));
assert.equal((await fetch(put, { method: "PUT", body: "presigned" })).status, 200);
const get = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "js/put" }));
assert.equal(await (await fetch(get)).text(), "presigned");
const { url, fields } = await createPresignedPost(client, { Bucket, Key: "js/posted", Conditions: [["content-length-range", 1, 10]] });
const form = new FormData();
for (const [name, value] of Object.entries(fields)) form.append(name, value);
form.append("file", new Blob(["posted"]));
assert.equal((await fetch(url, { method: "POST", body: form })).status, 204);

const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "js/" }));
const Objects = listed.Contents.map(({ Key }) => ({ Key }));
const deleted = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
assert.equal(deleted.Deleted.length, Objects.length);
console.log("OK");
