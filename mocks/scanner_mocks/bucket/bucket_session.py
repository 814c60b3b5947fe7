"""The session of the mock's photo bucket, which imports boto3 when its client is first used."""

from datetime import datetime
from typing import Any, NamedTuple, Self

from scanner_mocks import seeds
from strict_s3.auth.presigning import presigned_url
from strict_s3.auth.signature import Credential


class BucketSession:
    """A boto3 session as far as the photo bucket asks for it.

    Args:
        ca: file with the certificate of the authority to trust; None for the machine's authorities.
    """

    def __init__(self, ca: str | None = None) -> None:
        self._ca = ca

    def get_credentials(self) -> "LastingCredentials":
        return LastingCredentials()

    def client(self, *arguments: Any, **named: Any) -> Any:
        from .aws_session import aws_session  # noqa: PLC0415 -- the module's reason

        return aws_session().client(*arguments, verify=self._ca, **named)


class LastingCredentials(NamedTuple):
    """Lasting credentials, as botocore has them."""

    access_key: str = seeds.S3_ACCESS_KEY
    secret_key: str = seeds.S3_SECRET_KEY
    token: str | None = None

    def get_frozen_credentials(self) -> Self:
        return self


def presigned_get(endpoint: str, region: str, path: str, *, now: datetime, seconds: int, **query: str) -> str:
    """Return the URL that an object, ``/BUCKET/KEY``, can be read at for so many seconds from now."""
    credential = seeds.S3_ACCESS_KEY, Credential(seeds.S3_SECRET_KEY)
    options: dict[str, Any] = {"credential": credential, "region": region, "now": now, "seconds": seconds}
    return presigned_url(endpoint, "GET", path, query, **options)
