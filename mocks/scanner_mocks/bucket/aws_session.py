"""S3 for its owner, with the credentials of the seeds and none of the machine's; imports boto3."""

import os
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.session import Session

from scanner_mocks import seeds

_NOT_SET: Final = (None, None, None, None)
_NO_FILE: Final = (None, None, os.devnull, None)


def aws_session() -> Any:
    """Return a boto3 session that no profile and no file of the machine can change."""
    core = Session({"profile": _NOT_SET, "config_file": _NO_FILE, "credentials_file": _NO_FILE})
    core.set_default_client_config(Config(signature_version="s3v4"))  # by default it presigns with Version 2
    return boto3.Session(
        seeds.S3_ACCESS_KEY, seeds.S3_SECRET_KEY, region_name=seeds.REGION, botocore_session=core
    )
