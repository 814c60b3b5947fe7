"""The photo bucket: presigned forms, and the objects uploaded with them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import KW_ONLY, dataclass
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from msgspec.structs import replace

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.messages.traces import calling
from contract_first.service.observe.stages import timed

from .address import upload_url
from .credentials import SigningCredentials
from .errors import DeletionRefused, S3Failure
from .presigning import PresignedForm, Presigner, UploadRules

if TYPE_CHECKING:
    from boto3.session import Session

    from .client import Client

_SECONDS: Final = 3
_TRANSFER_SECONDS: Final = 15
_THREADS: Final = 8

logger = logging.getLogger(__name__)


class StoredObject(NamedTuple):
    """The metadata of an object: its size in bytes, its Content-Type and its ETag (with the quotes)."""

    size: int
    content_type: str
    etag: str


@dataclass(eq=False, repr=False)
class PhotoBucket:
    """One bucket.

    What asks S3 raises ServiceUnavailable where that refuses, or does not respond within 3 seconds; with the
    content of an object, within 15.

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

    Attributes:
        forms: how many were issued.
        calls: to S3, by operation and outcome: ``ok``, ``missing`` or ``failed``.
    """

    bucket: str
    region: str
    rules: UploadRules
    clock: Clock
    _: KW_ONLY
    endpoint_url: str | None = None
    session: Session | None = None
    form_endpoint: Callable[[], str] | None = None

    def __post_init__(self) -> None:
        self._presigner = Presigner(
            self.bucket, self.region, upload_url(self.bucket, self.region, self.endpoint_url), self.rules
        )
        self._credentials = SigningCredentials(self.session)
        self._client: Client | None = None
        self._making_client = Lock()
        self.forms = 0
        self.calls: Counter[tuple[str, str]] = Counter()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="photo-bucket")

    async def connect(self) -> None:
        """Find the credentials, or raise PhotoBucketError."""
        await self._credentials.find()

    async def presign(self, key: str, content_type: str, fields: Mapping[str, str]) -> PresignedForm:
        """Return a form that uploads one object.

        Key, media type and further fields, such as ``x-amz-meta-...``, hold exactly.

        Raises:
            ServiceUnavailable: the credentials have run out.
        """
        credentials = await self._credentials.current()
        self.forms += 1
        upload = self._presigner.presign(
            credentials, self.clock.now(), key, {"Content-Type": content_type, **fields}
        )
        if self.form_endpoint is None:
            return upload
        return replace(upload, url=f"{self.form_endpoint()}/{self.bucket}")

    async def head(self, key: str) -> StoredObject | None:
        """Return the metadata of an object, None if there is none."""
        response = await self._ask("head_object", Key=key)
        return None if response is None else _stored_object(response)

    async def get(self, key: str, most_bytes: int) -> bytes | None:
        """Return the content of an object, or None if there is none.

        Raises:
            ObjectTooLarge: it has more bytes than that.
        """
        parameters = {"Bucket": self.bucket, "Key": key}
        content: bytes | None = await self._wait(
            "get_object", lambda client: client.read(parameters, most_bytes), _TRANSFER_SECONDS
        )
        return content

    async def begin(
        self, key: str, size: int, offset: int = 0, etag: str = ""
    ) -> tuple[StoredObject, bytes] | None:
        """Return the metadata of an object with so many of its bytes, None if there is none.

        Args:
            offset: of the first of these bytes.
            etag: that the object must have; S3 refuses if it was replaced.
        """
        condition = {"IfMatch": etag} if etag else {}
        parameters = {"Bucket": self.bucket, "Key": key, **condition}
        beginning = await self._wait("get_object", lambda client: client.begin(parameters, size, offset))
        if beginning is None:
            return None
        response, content = beginning
        return _stored_object(response), content

    async def put(self, key: str, file: IO[bytes], media_type: str) -> None:
        """Store an object, as uploads by form are stored.

        The file is read from where it is to its end, in another thread.
        """
        stored_as = {**self.rules.parameters(), "Key": key, "ContentType": media_type}
        _expect_bucket(await self._ask("put_object", _TRANSFER_SECONDS, **stored_as, Body=file))

    async def delete(self, key: str) -> None:
        """Delete an object, if there is one."""
        await self._ask("delete_object", Key=key)

    async def delete_many(self, keys: Sequence[str]) -> None:
        """Delete at most a thousand objects; one that is not there is no error.

        Raises:
            DeletionRefused: S3 does not delete some of them; the others are deleted.
            ServiceUnavailable: S3 does not respond, or refuses; some may be deleted.
        """
        objects = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        response = await self._ask("delete_objects", _TRANSFER_SECONDS, Delete=objects)
        _expect_bucket(response)
        if errors := response.get("Errors"):
            refusal = f"S3 does not delete {errors[0]['Key']}: {errors[0]['Code']}."
            logger.warning("%s Objects that stay: %d of %d", refusal, len(errors), len(keys))
            raise DeletionRefused(refusal)

    async def ping(self) -> None:
        """Check that the bucket exists."""
        _expect_bucket(await self._ask("head_bucket"))

    def close(self) -> None:
        """Close threads and connections, without waiting for an S3 that does not respond."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    async def _ask(self, operation: str, seconds: float = _SECONDS, **parameters: Any) -> Any:
        arguments = {"Bucket": self.bucket, **parameters}
        return await self._wait(operation, lambda client: client.send(operation, arguments), seconds)

    async def _wait(self, operation: str, work: Callable[[Client], Any], seconds: float = _SECONDS) -> Any:
        """Return S3's response, None for a 404; the work waits for a thread as long as its caller does."""
        loop = asyncio.get_running_loop()
        try:
            client = self._client
            if client is None:  # loading the model of S3 does not count as S3's time
                client = await loop.run_in_executor(self._threads, self._make_client)
            method = operation.title().replace("_", "")
            attributes = {"rpc_system": "aws-api", "rpc_service": "S3", "rpc_method": method}
            with timed("s3"), calling(f"S3.{method}", **attributes):
                call = loop.run_in_executor(self._threads, copy_context().run, work, client)
                response = await asyncio.wait_for(call, seconds)
        except (S3Failure, TimeoutError) as error:
            self.calls[operation, "failed"] += 1
            logger.warning("S3 does not respond %s: %s", operation, str(error) or type(error).__name__)
            raise ServiceUnavailable("The photo bucket does not respond.") from error
        self.calls[operation, _outcome(response)] += 1
        return response

    def _make_client(self) -> Client:
        from .client import Client  # noqa: PLC0415 -- the module's reason

        with self._making_client:
            self._client = self._client or Client(
                self._credentials.session,
                self.region,
                self.endpoint_url,
                seconds=_SECONDS,
                connections=_THREADS,
            )
        return self._client


def _stored_object(response: Mapping[str, Any]) -> StoredObject:
    media_type = response.get("ContentType", "binary/octet-stream")
    return StoredObject(response["ContentLength"], media_type, response["ETag"])


def _expect_bucket(response: Any) -> None:
    if response is None:
        raise ServiceUnavailable("The photo bucket does not exist.")


def _outcome(response: Any) -> str:
    """Return what a response counts as; that of DeleteObjects is a 200 with an error for each object."""
    if response is None:
        return "missing"
    return "failed" if isinstance(response, dict) and response.get("Errors") else "ok"
