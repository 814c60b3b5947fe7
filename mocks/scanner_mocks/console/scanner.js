/** Adds the views of the Scanner API to the console. */

import { extensions } from "./extensions.js";
import { presets } from "./presets.js";
import * as pipeline from "./pipeline.js";
import * as products from "./products.js";
import * as resources from "./resources.js";
import * as upload from "./upload.js";

extensions.panels.push(upload, resources, pipeline, products);
extensions.isMoving = resources.isMoving;

extensions.keys = ({ api_key, keys, bearer_token, sessionid, session_id, completed_session_id, api, s3, bucket }) => [
  ["API key", api_key],
  ...Object.entries(keys).map(([name, key]) => [`${name.replaceAll("_", " ")} key`, key]),
  ["bearer token", bearer_token],
  ["sessionid cookie", sessionid],
  ["active session", session_id],
  ["completed session", completed_session_id],
  ["API", api],
  ["S3", s3],
  ["bucket", bucket],
];

extensions.credential = (header, value, { api_key, bearer_token, sessionid }) =>
  ({ "x-api-key": api_key, authorization: /^bearer /i.test(value) && bearer_token, cookie: sessionid })[header];

presets.splice(
  presets.findIndex(({ fault }) => fault.on === "s3"),
  0,
  {
    name: "Expired upload",
    about: "Forms that the API hands out have expired already.",
    fault: { effect: { expired_upload: true } },
  },
);
