import axios from "axios";

export default async (form, file) => {
  const { headers } = await axios.postForm(form.upload_url, { ...form.upload_fields, file });
  return headers.location;
};
