// Uppy 4 and 5 ask for a presigned form by `getUploadParameters`.
export const uploadBy = (Uppy, AwsS3) => async (form, file) => {
  const uppy = new Uppy().use(AwsS3, {
    shouldUseMultipart: false,
    retryDelays: [],
    getUploadParameters: () => ({ method: "POST", url: form.upload_url, fields: form.upload_fields }),
  });
  uppy.addFile({ name: file.name, type: file.type, data: file });
  const { successful, failed } = await uppy.upload();
  if (failed.length) throw new Error(failed[0].error);
  return successful[0].uploadURL;
};
