"""The photo bucket: presigned forms, and the objects uploaded with them."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from openapi_service.problems import ServiceUnavailable

from .address import upload_url
from .credentials import SigningCredentials
from .presigning import Presigner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

    from boto3.session import Session

    from openapi_service.clock import Clock

    from .presigning import PresignedUpload, UploadRules

_SECONDS: Final = 3
_TRANSFER_SECONDS: Final = 15
_THREADS: Final = 8

logger = logging.getLogger(__name__)


class StoredObject(NamedTuple):
    """The metadata of an object: its size in bytes, its Content-Type and its ETag (with the quotes)."""

    size: int
    content_type: str
    etag: str


class ObjectTooLarge(Exception):  # noqa: N818 -- says what the object is
    """An object of more bytes than were to be read; the message says how many it has."""


class PhotoBucket:
    """One bucket.

    Args:
        bucket: its name.
        region: of the bucket and of signatures.
        rules: limits and encryption of uploads.
        clock: the time by which forms expire.
        endpoint_url: of an S3 that is not Amazon's.
        session: source of credentials; boto3's default chain without it.
        form_endpoint: returns the endpoint in the URLs of forms; by default it is `endpoint_url`.

    Raises:
        PhotoBucketError: bucket, region, endpoint or the AWS configuration cannot be used.
    """

    def __init__(
        self,
        bucket: str,
        region: str,
        rules: UploadRules,
        clock: Clock,
        *,
        endpoint_url: str | None = None,
        session: Session | None = None,
        form_endpoint: Callable[[], str] | None = None,
    ) -> None:
        self._bucket = bucket
        self._region = region
        self._endpoint_url = endpoint_url
        self._form_endpoint = form_endpoint
        self._clock = clock
        self._rules = rules
        self._presigner = Presigner(bucket, region, upload_url(bucket, region, endpoint_url), rules)
        self._credentials = SigningCredentials(session)
        self._client: Any = None
        self._making_client = Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="photo-bucket")

    async def connect(self) -> None:
        """Find the credentials.

        Raises:
            PhotoBucketError: there are none.
        """
        await self._credentials.find()

    async def presign(self, key: str, content_type: str, fields: Mapping[str, str]) -> PresignedUpload:
        """Return a form that uploads one object.

        Args:
            key: of the object, exactly.
            content_type: of the object, exactly.
            fields: further form fields, such as ``x-amz-meta-...``, and their exact values.

        Raises:
            ServiceUnavailable: the credentials have run out.
        """
        credentials = await self._credentials.current()
        upload = self._presigner.presign(
            credentials, self._clock.now(), key, {"Content-Type": content_type, **fields}
        )
        if self._form_endpoint is None:
            return upload
        return upload._replace(url=f"{self._form_endpoint()}/{self._bucket}")

    async def head(self, key: str) -> StoredObject | None:
        """Return the metadata of an object, None if there is none.

        Raises:
            ServiceUnavailable: S3 does not respond within 3 seconds, or refuses.
        """
        response = await self._ask("head_object", Bucket=self._bucket, Key=key)
        if response is None:
            return None
        return StoredObject(
            response["ContentLength"], response.get("ContentType", "binary/octet-stream"), response["ETag"]
        )

    async def get(self, key: str, most_bytes: int) -> bytes | None:
        """Return the content of an object, or None if there is none.

        Raises:
            ObjectTooLarge: it has more bytes than that.
            ServiceUnavailable: S3 does not respond, refuses, or takes longer than 15 seconds.
        """
        content: bytes | None = await self._wait(
            "get_object", lambda: self._read(key, most_bytes), _TRANSFER_SECONDS
        )
        return content

    async def put(self, key: str, file: IO[bytes], media_type: str) -> None:
        """Store an object, as uploads by form are stored.

        Args:
            key: of the object.
            file: its content, from where it is to the end; another thread reads it meanwhile.
            media_type: its Content-Type.

        Raises:
            ServiceUnavailable: S3 does not respond, refuses, or takes longer than 15 seconds.
        """
        parameters = {
            **self._rules.parameters(),
            "Bucket": self._bucket,
            "Key": key,
            "ContentType": media_type,
        }
        stored = await self._wait(
            "put_object", lambda: self._send("put_object", {**parameters, "Body": file}), _TRANSFER_SECONDS
        )
        if stored is None:
            raise ServiceUnavailable("The photo bucket does not exist.")

    async def delete(self, key: str) -> None:
        """Delete an object, if there is one.

        Raises:
            ServiceUnavailable: S3 does not respond within 3 seconds, or refuses.
        """
        await self._ask("delete_object", Bucket=self._bucket, Key=key)

    async def ping(self) -> None:
        """Check that the bucket exists.

        Raises:
            ServiceUnavailable: S3 does not respond within 3 seconds, refuses, or has no such bucket.
        """
        if await self._ask("head_bucket", Bucket=self._bucket) is None:
            raise ServiceUnavailable("The photo bucket does not exist.")

    def close(self) -> None:
        """Close threads and connections, without waiting for an S3 that does not respond."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    async def _ask(self, operation: str, **parameters: str) -> Any:
        return await self._wait(operation, lambda: self._send(operation, parameters), _SECONDS)

    async def _wait(self, operation: str, work: Callable[[], Any], seconds: float) -> Any:
        """Return S3's response, None for a 404; the work waits for a thread as long as its caller does."""
        loop = asyncio.get_running_loop()
        try:
            if self._client is None:  # loading the model of S3 does not count as S3's time
                await loop.run_in_executor(self._threads, self._make_client)
            return await asyncio.wait_for(loop.run_in_executor(self._threads, work), seconds)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                return None
            reason = error.response["Error"]["Code"]
            failure: Exception = error
        except (BotoCoreError, TimeoutError) as error:
            reason = type(error).__name__
            failure = error
        logger.warning("S3 does not respond %s: %s", operation, reason)
        raise ServiceUnavailable("The photo bucket does not respond.") from failure

    def _read(self, key: str, most_bytes: int) -> bytes:
        response = self._send("get_object", {"Bucket": self._bucket, "Key": key})
        with response["Body"] as body:
            if response["ContentLength"] > most_bytes:
                raise ObjectTooLarge(
                    f"The object has {response['ContentLength']} bytes; at most {most_bytes} fit."
                )
            content: bytes = body.read()
        return content

    def _send(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        return getattr(self._client, operation)(**parameters)

    def _make_client(self) -> None:
        """Make the client, on its first use: loading S3's model takes longer than a start should."""
        config = Config(
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retries={"total_max_attempts": 1},
            max_pool_connections=_THREADS,
            ignore_configured_endpoint_urls=True,  # the settings alone say where the bucket is
            s3={"addressing_style": "auto" if self._endpoint_url is None else "path"},
        )
        with self._making_client:
            self._client = self._client or self._credentials.session.client(
                "s3", region_name=self._region, endpoint_url=self._endpoint_url, config=config
            )
