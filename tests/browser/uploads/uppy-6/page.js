import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

/** Upload by a presigned form. */
export default (form, file) => upload({ signRequest: () => ({ url: form.upload_url, fields: form.upload_fields }) }, file);

/** Upload in parts, each signed in the page with temporary credentials. */
export const inParts = ({ endpoint, region, credentials, key }, file) =>
  upload(
    {
      s3Endpoint: endpoint,
      region,
      getCredentials: () => ({ credentials, region }),
      generateObjectKey: () => key,
      shouldUseMultipart: true,
      getChunkSize: () => 5 * 1024 * 1024,
    },
    file,
  );

async function upload(options, file) {
  const uppy = new Uppy().use(AwsS3, options);
  uppy.addFile({ name: file.name, type: file.type, data: file });
  const { successful, failed } = await uppy.upload();
  if (failed.length) throw new Error(failed[0].error);
  return successful[0].uploadURL;
}
