import { create } from "filepond";

/** Return the form of S3, with FilePond's file at its end, and without what FilePond says of it. */
function formOf(fields, data) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", data.getAll("filepond").find((value) => value instanceof File));
  return form;
}

const elementOf = (document, name) => new RegExp(`<${name}>(.*?)<`).exec(document)?.[1];

export default (form, file) =>
  new Promise((resolve, reject) => {
    create(document.body.appendChild(document.createElement("input")), {
      files: [file],
      server: {
        process: {
          url: form.upload_url,
          ondata: (data) => formOf(form.upload_fields, data),
          onload: (answer) => resolve(elementOf(answer, "Location")),
          onerror: (answer) => reject(new Error(`FilePond: ${elementOf(answer, "Code")}`)),
        },
      },
    });
  });
