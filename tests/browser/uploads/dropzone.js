import { Dropzone } from "dropzone";

export default (form, file) =>
  new Promise((resolve, reject) => {
    const element = document.body.appendChild(document.createElement("div"));
    const dropzone = new Dropzone(element, {
      url: form.upload_url,
      params: () => form.upload_fields,
      createImageThumbnails: false, // the photo is none that can be shown
    });
    dropzone.on("success", ({ xhr }) => resolve(xhr.getResponseHeader("Location")));
    dropzone.on("error", (_, message, xhr) => reject(new Error(`${xhr?.status} ${/<Code>(.*?)</.exec(message)?.[1]}`)));
    dropzone.addFile(file);
  });
