import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { uploadBy } from "../uppy-post.js";

export default uploadBy(Uppy, AwsS3);
