"""S3 for its owner, with the credentials of the seeds and none of the machine's; imports boto3."""

import os
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import boto3
from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import Session

from scanner_mocks import seeds
from strict_s3.messages.request import UNWATCHED

_NOT_SET: Final = (None, None, None, None)
_NO_FILE: Final = (None, None, os.devnull, None)


def aws_session() -> Any:
    """Return a boto3 session that no profile and no file of the machine can change."""
    core = Session({"profile": _NOT_SET, "config_file": _NO_FILE, "credentials_file": _NO_FILE})
    core.set_default_client_config(Config(signature_version="s3v4"))  # by default it presigns with Version 2
    return boto3.Session(
        seeds.S3_ACCESS_KEY, seeds.S3_SECRET_KEY, region_name=seeds.REGION, botocore_session=core
    )


def presigned_get(
    bucket_url: str,
    region: str,
    key: str,
    expires_in: int = 60,
    now: datetime | None = None,
    *,
    recorded: bool = True,
) -> str:
    """Return the URL that an object of the mock's bucket can be read at.

    Args:
        now: from then on; by default from now on.
        recorded: whether faults apply to reading it, and the journal records that.
    """
    query = "" if recorded else f"?{UNWATCHED}="
    request = AWSRequest("GET", f"{bucket_url}/{quote(key)}{query}")
    _QueryAuth(region, expires_in).sign(request, now or datetime.now(UTC))
    return str(request.url)


class _QueryAuth(S3SigV4QueryAuth):  # type: ignore[misc]  # botocore ships no types
    """botocore's signer, at a given moment: its ``add_auth`` asks the machine's clock."""

    def __init__(self, region: str, expires_in: int) -> None:
        super().__init__(Credentials(seeds.S3_ACCESS_KEY, seeds.S3_SECRET_KEY), "s3", region, expires_in)

    def sign(self, request: AWSRequest, moment: datetime) -> None:
        request.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))
