"""What a team writes in an afternoon: an async FastAPI handler that signs and checks nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from fastapi import FastAPI

MAX_BYTES = 20 * 1024 * 1024
EXPIRES = 3600

app = FastAPI()
s3 = boto3.client("s3", region_name="us-west-2", config=Config(signature_version="s3v4"))


@app.get("/scanner/api/v1/sessions/{session_id}/presigned-upload-url")
async def get_presigned_upload_url(
    session_id: str, photo_type: str = "other", original_filename: str = "photo.jpg"
) -> dict[str, Any]:
    """Sign a POST for one photo."""
    extension = original_filename.rpartition(".")[2].lower()
    content_type = f"image/{extension}"
    key = f"scanner/photos/{photo_type}/{session_id}/{uuid4().hex}.{extension}"
    post = s3.generate_presigned_post(
        "scanner-photos",
        key,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, MAX_BYTES]],
        ExpiresIn=EXPIRES,
    )
    return {"upload_url": post["url"], "upload_fields": post["fields"], "s3_key": key, "expires_in": EXPIRES}
