"""boto3's client of the bucket; imported when it is first used, which takes longer than a start should."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from contract_first.service.messages.traces import trace_headers

from .errors import ObjectTooLarge, S3Failure

if TYPE_CHECKING:
    from boto3.session import Session


class Client:
    """Sends requests to S3, each once.

    Args:
        session: has the credentials.
        region: of the bucket.
        endpoint_url: of an S3 that is not Amazon's.
        seconds: how long connecting may take, and the wait for a response.
        connections: at the same time.
    """

    def __init__(
        self, session: Session, region: str, endpoint_url: str | None, *, seconds: float, connections: int
    ) -> None:
        config = Config(
            connect_timeout=seconds,
            read_timeout=seconds,
            retries={"total_max_attempts": 1},
            max_pool_connections=connections,
            ignore_configured_endpoint_urls=True,  # the settings alone say where the bucket is
            s3={"addressing_style": "auto" if endpoint_url is None else "path"},
        )
        self._client: Any = session.client("s3", region_name=region, endpoint_url=endpoint_url, config=config)
        self._client.meta.events.register("before-send.s3", _add_trace)

    def send(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Return the response to a request, None for a 404, or raise S3Failure."""
        try:
            return getattr(self._client, operation)(**parameters)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                return None
            raise S3Failure(error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise S3Failure(type(error).__name__) from error

    def read(self, parameters: Mapping[str, Any], most_bytes: int) -> bytes | None:
        """Return the content of an object, None if there is none.

        Raises:
            ObjectTooLarge: it has more bytes than that.
            S3Failure: S3 refuses, or does not respond.
        """
        response = self.send("get_object", parameters)
        if response is None:
            return None
        if response["ContentLength"] > most_bytes:
            response["Body"].close()
            raise ObjectTooLarge(
                f"The object has {response['ContentLength']} bytes; at most {most_bytes} fit."
            )
        return _content(response["Body"])

    def begin(
        self, parameters: Mapping[str, Any], size: int, offset: int = 0
    ) -> tuple[dict[str, Any], bytes] | None:
        """Return S3's response about an object with so many of its bytes, None if there is none.

        Raises:
            S3Failure: S3 refuses, or does not respond.
        """
        try:
            response = self.send("get_object", {**parameters, "Range": f"bytes={offset}-{offset + size - 1}"})
        except S3Failure as failure:
            if str(failure) != "InvalidRange":
                raise
            response = self.send("head_object", parameters)  # the object ends before: it may be empty
        if response is None:
            return None
        if "Body" not in response:
            return response, b""
        content = _content(response["Body"], size)
        if len(content) < min(response["ContentLength"], size):
            raise S3Failure("IncompleteRead")
        if response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.PARTIAL_CONTENT:
            _, _, total = response.get("ContentRange", "").rpartition("/")
            if not total.isdecimal():  # RFC 9110, section 14.4, has an asterisk for what is unknown
                raise S3Failure("ContentRange")
            response["ContentLength"] = int(total)
        elif offset:  # the server ignores ranges, and these are the first bytes
            raise S3Failure("Range")
        return response, content

    def close(self) -> None:
        self._client.close()


def _content(body: Any, size: int | None = None) -> bytes:
    """Read the body of a response, or its first bytes, and close it."""
    with closing(body):  # in a with block of its own it would be urllib3's, with urllib3's errors
        try:
            content: bytes = body.read(size)
        except BotoCoreError as error:
            raise S3Failure(type(error).__name__) from error
    return content


def _add_trace(request: Any, **_: Any) -> None:
    """Make a call part of the trace of the request that causes it."""
    request.headers.update(trace_headers())
