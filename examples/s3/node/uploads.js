import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

/** Store a photo, and return a URL that shows it for an hour. */
export async function store(bucket, name, photo) {
  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: photo, ContentType: "image/jpeg" }));
  return getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: name }), { expiresIn: 3600 });
}
