"""S3 as its owner sees it, with the credentials of the seeds and none of the machine's."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import quote

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

from . import seeds

_NOT_SET: Final = (None, None, None, None)
_NO_FILE: Final = (None, None, os.devnull, None)


def aws_session() -> Any:
    """Return a boto3 session that no profile and no file of the machine can change."""
    core = Session({"profile": _NOT_SET, "config_file": _NO_FILE, "credentials_file": _NO_FILE})
    return boto3.Session(
        seeds.S3_ACCESS_KEY, seeds.S3_SECRET_KEY, region_name=seeds.REGION, botocore_session=core
    )


def presigned_get(s3_url: str, key: str, expires_in: int = 60) -> str:
    """Return the URL that an object of the mock's bucket can be read at, for so many seconds."""
    request = AWSRequest("GET", f"{s3_url}/{seeds.BUCKET}/{quote(key)}")
    S3SigV4QueryAuth(aws_session().get_credentials(), "s3", seeds.REGION, expires_in).add_auth(request)
    return str(request.url)
