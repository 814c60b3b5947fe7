"""moto's S3 as a function: an order in, a response out."""

import threading
from collections.abc import Iterator, Mapping, MutableSequence
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from strict_s3.messages.cors import CorsRule
from strict_s3.messages.errors import CODES, PROTECTED, S3Error, invalid_request, refusal
from strict_s3.messages.orders import Bucket, Order
from strict_s3.messages.response import Response
from strict_s3.messages.xml import parse, readable, serialize

from .acl import granted_to_all
from .corrections import correct
from .customer_keys import BUCKET_KEY, ENCRYPTION, KMS_KEY, set_key_md5
from .moto_s3 import AccessDeniedByLock, Request, S3ClientError, S3Response, models
from .ordered import Keys, Ordered, Uploads
from .records import Upload as UploadRecord
from .records import acl_with

_TRACKED = (models.FakeKey, models.FakeAcl, models.FakeGrant, models.FakeGrantee, models.FakeMultipart)
_SET_ELSEWHERE = frozenset({
    "content-length", "content-md5", "date", "server", "connection", "x-amz-sdk-checksum-algorithm",
    "x-amzn-requestid",
})  # fmt: skip
"""Header fields of moto's responses that are set elsewhere, or that S3 never sends."""
_ENFORCED = "BucketOwnerEnforced"
_DEFAULT_BLOCK = models.PublicAccessBlock("true", "true", "true", "true")
"""The public access block of a bucket before one is put."""
_ABOUT_BUCKETS = frozenset({"NoSuchPublicAccessBlockConfiguration", "ObjectLockConfigurationNotFoundError"})
"""Codes of errors in which S3 names the bucket, and moto does not."""


class Backend:
    """moto's S3 of this process. It has one for each account, so another `Backend` of an account resets it.

    Attributes:
        account: the same.
        lock: held for several steps that must be atomic; moto itself is not thread-safe.
    """

    def __init__(self, account: str) -> None:
        self.lock = threading.RLock()
        self.account = account
        self._moto = models.s3_backends[account]["aws"]
        self.reset()

    def reset(self) -> None:
        self._moto.reset()
        correct(self._moto)

    def drop(self, name: str) -> None:
        """Remove a bucket with all that is in it, if there is one."""
        bucket = self._moto.buckets.pop(name, None)
        if bucket is None:
            return
        models.s3_backends.bucket_accounts.pop(name, None)
        tags = self._moto.tagger.tags
        for arn in [arn for arn in tags if arn.startswith(f"{bucket.arn}/")]:
            del tags[arn]

    def carry_out(self, order: Order) -> Response:
        """Carry out an order, and return moto's response.

        Raises:
            S3Error: moto refuses the order, cannot read it, or does not implement the operation.
        """
        if order.body and not order.has("policy"):
            order = replace(order, body=serialize(parse(order.body)))
        request = Request.from_primitives(order.method, _url(order), self._headers(order), order.body)
        request.from_wsgi_server = True
        dispatch = _Handler.key_dispatch if order.key else _Handler.bucket_dispatch
        with self.lock, self.all_or_nothing(order.bucket, order.key):
            try:
                status, headers, content = dispatch(request, request.raw_url, dict(request.headers))
            except S3Error:
                raise
            except NotImplementedError:
                raise refusal("NotImplemented") from None
            except Exception:  # noqa: BLE001 -- moto lets through whatever its parsers raise at odd input
                raise refusal("MalformedXML") if order.body else invalid_request("Invalid request.") from None
            for model in _TRACKED:
                model.instances_tracked.clear()  # type: ignore[union-attr]  # a metaclass sets it
            return _response(order, int(status), headers, content)

    def _headers(self, order: Order) -> dict[str, str]:
        # With an Authorization header moto does not ask for more; it takes the region from it.
        credential = f"mock/20000101/{order.region}/s3/aws4_request"
        # Locks, for which it has to believe in a checksum, ACLs and conditions are dealt with elsewhere.
        dealt_with = ("x-amz-object-lock-", "x-amz-acl", "x-amz-grant-", "if-")
        return {
            **{name: value for name, value in order.headers.items() if not name.startswith(dealt_with)},
            **({"content-md5": "-"} if order.method == "PUT" and order.key else {}),
            **({"x-amz-acl": "private"} if order.key else {}),
            "content-length": str(len(order.body)),
            "x-moto-account-id": self.account,
            "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
        }

    def bucket(self, name: str) -> Bucket | None:
        """Return a bucket; None if there is none of this name."""
        with self.lock:
            bucket = self._moto.buckets.get(name)
            if bucket is None:
                return None
            block = bucket.public_access_block
            settings = {} if block in (None, _DEFAULT_BLOCK) else block.to_config_dict()
            blocks = frozenset(name for name, is_true in settings.items() if is_true)
            return Bucket(
                name=name,
                region=bucket.region_name,
                cors=tuple(_cors_rule(rule) for rule in bucket.cors),
                policy=bucket.policy,
                public=frozenset() if "ignorePublicAcls" in blocks else granted_to_all(bucket.acl),
                has_acls=str(bucket.ownership_rule) != _ENFORCED,
                blocks=blocks,
                encrypts=bucket.encryption is not None,
                encryption=_encryption_headers(bucket.encryption),
                kms_keys=f"arn:aws:kms:{bucket.region_name}:{self.account}:key/",
                versioning=bucket.versioning_status or "",
                has_lock=bucket.object_lock_enabled,
                locks=bucket.has_default_lock,
            )

    @contextmanager
    def holding(self, bucket: str) -> Iterator[None]:
        """Hold the lock, for several steps with a bucket that must be atomic.

        Raises:
            S3Error: NoSuchBucket, since another request may have removed it.
        """
        with self.lock:
            if bucket not in self._moto.buckets:
                raise refusal("NoSuchBucket", BucketName=bucket)
            yield

    def moto_bucket(self, name: str) -> Any:
        """Return moto's bucket, which has more than is in a `Bucket`."""
        return self._moto.buckets[name]

    def set_defaults(self, name: str, acl: Any) -> None:
        """Set the defaults of new buckets at Amazon's since April 2023, where the request sets nothing else.

        Args:
            name: of the bucket.
            acl: of its request, as moto's.

        Clients can read the default public access block, but it blocks nothing here, so that public access
        can be tried; one that a client puts does.
        """
        with self.lock:
            bucket = self._moto.buckets[name]
            bucket.acl = acl
            if bucket.ownership_rule is None and len(acl.grants) <= 1:  # others are of version 0.3
                bucket.ownership_rule = _ENFORCED  # type: ignore[assignment]  # as its requests set it
            if bucket.public_access_block is None:
                bucket.public_access_block = _DEFAULT_BLOCK

    def existing(self, name: str) -> Bucket:
        """Return a bucket, or raise NoSuchBucket."""
        bucket = self.bucket(name)
        if bucket is None:
            raise refusal("NoSuchBucket", BucketName=name)
        return bucket

    def key(self, bucket: str, name: str, version_id: str = "") -> Any:
        """Return moto's key of an object or a version; None for none, and for a delete marker."""
        return self._moto.get_object(bucket, name, version_id=version_id or None)

    def existing_key(self, order: Order) -> Any:
        """Return the key, or the version, of an order; raise `S3Error` for none, and for a delete marker."""
        version_id = order.parameter("versionId")
        versions = [
            version
            for version in self._keys(order.bucket).versions(order.key)
            if version_id in ("", str(version.version_id))
        ]
        if not versions and version_id:
            raise refusal("NoSuchVersion", Key=order.key, VersionId=version_id)
        if not versions:
            raise refusal("NoSuchKey", Key=order.key)
        if isinstance(versions[-1], models.FakeDeleteMarker):
            raise refusal("MethodNotAllowed", Method=order.method, ResourceType="DeleteMarker")
        return versions[-1]

    def keys(self, bucket: str, name: str | None = None) -> list[Any]:
        """Return all versions of one key of a bucket, or of all its keys; without delete markers."""
        store = self._keys(bucket)
        versions = dict.values(store) if name is None else [store.versions(name)]
        return [key for several in versions for key in several if isinstance(key, models.FakeKey)]

    def object_versions(self, bucket: str, name: str) -> list[Any]:
        """Return the versions of an object, delete markers included, the oldest first."""
        return list(self._keys(bucket).versions(name))

    def versions(self, bucket: str) -> Ordered:
        """Return the versions of a bucket's keys, the latest first, each behind whether it is that."""
        keys = self._keys(bucket)
        return Ordered(
            keys.names,
            lambda name: ((not number, version) for number, version in enumerate(keys.listed(name)[::-1])),
        )

    def latest(self, bucket: str) -> Ordered:
        """Return the latest version of each of a bucket's keys; deleted ones are left out."""
        keys = self._keys(bucket)

        def latest(name: str) -> tuple[Any, ...]:
            version = keys.listed(name)[-1]
            return (version,) if isinstance(version, models.FakeKey) else ()

        return Ordered(keys.names, latest)

    def _keys(self, bucket: str) -> Keys:
        """Return the versions of a bucket's keys by name; none if there is no bucket."""
        moto_bucket: Any = self._moto.buckets.get(bucket)
        keys: Keys = Keys() if moto_bucket is None else moto_bucket.keys
        return keys

    def buckets(self, region: str = "") -> Ordered:
        """Return moto's buckets, of one region or of all."""
        buckets = self._moto.buckets
        names = (name for name, bucket in buckets.items() if region in ("", bucket.region_name))
        return Ordered(sorted(names), lambda name: (buckets[name],))

    def uploads(self, bucket: str) -> Ordered:
        """Return moto's uploads under way, by key, the oldest first."""
        moto_bucket: Any = self._moto.buckets.get(bucket)
        uploads = Uploads() if moto_bucket is None else moto_bucket.multiparts
        return Ordered(uploads.names, uploads.of)

    def upload(self, bucket: str, upload_id: str) -> Any:
        """Return moto's multipart upload; None if there is none."""
        moto_bucket = self._moto.buckets.get(bucket)
        return moto_bucket.multiparts.get(upload_id) if moto_bucket else None

    def existing_upload(self, order: Order) -> Any:
        """Return the upload of an order, or raise NoSuchUpload."""
        upload_id = order.parameter("uploadId")
        upload = self.upload(order.bucket, upload_id)
        if upload is None or upload.key_name != order.key:
            raise refusal("NoSuchUpload", UploadId=upload_id)
        return upload

    def tags(self, key: Any) -> dict[str, str]:
        """Return the tags of a key; a delete marker has none."""
        if isinstance(key, models.FakeDeleteMarker):
            return {}
        tags: dict[str, str] = self._moto.tagger.get_tag_dict_for_resource(key.arn)
        return tags

    def rules(self, bucket: str) -> list[Any]:
        """Return moto's lifecycle rules of a bucket."""
        return list(self._moto.buckets[bucket].rules) if bucket in self._moto.buckets else []

    def delete(
        self, bucket: str, name: str, version_id: str | None, *, bypass: bool
    ) -> Mapping[str, str] | None:
        """Delete an object, or a version of it; return moto's details, None if it is locked."""
        try:
            return self._moto.delete_object(bucket, name, version_id, bypass=bypass)[1]
        except AccessDeniedByLock:
            return None

    def new_key(self) -> Any:
        """Return a key that is in no bucket and has no content, to be copied."""
        key = models.FakeKey("", b"", self.account, self._moto.region_name)
        key.dispose()
        return key

    def place(self, bucket: str, name: str, versions: MutableSequence[Any]) -> None:
        """Set the versions of an object, the oldest first."""
        self._keys(bucket).place(name, versions)

    def set_tags(self, key: Any, tags: Mapping[str, str]) -> None:
        """Set the tags of a key that has none."""
        self._moto.tagger.tags[key.arn] = dict(tags)

    def place_upload(self, bucket: str, upload_id: str, record: UploadRecord) -> None:
        """Make an upload of this id, as its record says."""
        metadata = models.CaseInsensitiveDict(record.metadata)  # type: ignore[attr-defined]  # moto takes it of requests
        details: Any = (
            record.storage,
            record.tags,
            acl_with(record.grants),
            record.encryption,
            record.kms_key_id,
        )
        upload: Any = self._moto.create_multipart_upload(bucket, record.key, metadata, *details)
        set_key_md5(upload, record.customer_key_md5)
        uploads = self._moto.buckets[bucket].multiparts
        del uploads[upload.id]
        upload.id, upload.initiated = upload_id, record.initiated
        upload.replaced, upload.headers = record.replaced, record.headers
        uploads[upload_id] = upload

    def complete_upload(
        self, bucket: str, upload: Any, etag: str, checksum: tuple[str, str, int] | None
    ) -> Any:
        """Make an empty key with the metadata, tags and grants of an upload."""
        upload.complete = lambda _parts: (b"", etag, checksum)
        with self.all_or_nothing(bucket, upload.key_name):
            try:
                return self._moto.complete_multipart_upload(bucket, upload.id, iter(()))
            except S3ClientError as error:
                raise S3Error(400, error.code, error.message) from None

    @contextmanager
    def all_or_nothing(self, bucket: str, *names: str) -> Iterator[None]:
        """Restore the versions of objects if the context raises, such as for a full disk.

        moto itself replaces an object before it validates the new tags.
        """
        before = {name: self.object_versions(bucket, name) for name in names}
        try:
            yield
        except BaseException:
            for name, versions in before.items():
                for new in {*self.keys(bucket, name)}.difference(versions):
                    new.dispose()
                if versions:
                    self.place(bucket, name, versions)
                else:
                    self._keys(bucket).discard(name)
            raise


class _Handler(S3Response):
    """moto's handler without authentication, which has been done; moto's IAM takes 20 MB."""

    def _authenticate_and_authorize_s3_action(self, *_: Any, **__: Any) -> None:
        """Authenticate nothing."""

    def get_current_account(self) -> str:
        """Return the account of the order, regardless of the environment."""
        return str(self.headers["x-moto-account-id"])


def _url(order: Order) -> str:
    path = quote(f"/{order.bucket}" + (f"/{order.key}" if order.key else ""))
    return f"http://localhost{path}?{urlencode(order.query, quote_via=quote)}"


def _response(order: Order, status: int, headers: Mapping[str, Any], content: str | bytes) -> Response:
    body = content.encode() if isinstance(content, str) else content
    fields = [(name, str(value)) for name, value in headers.items() if name.lower() not in _SET_ELSEWHERE]
    fields = [pair for pair in fields if pair != (BUCKET_KEY, "false")]
    if order.method == "HEAD":
        length = int(next((value for name, value in headers.items() if name.lower() == "content-length"), 0))
        return Response(status, fields, [], length)
    if status >= HTTPStatus.BAD_REQUEST:
        raise _error(order, status, body, [pair for pair in fields if pair[0].lower().startswith("x-amz-")])
    return Response(status, fields, [body] if body else [], len(body))


def _error(order: Order, status: int, document: bytes, headers: list[tuple[str, str]]) -> S3Error:
    """Return the error in an error document of moto's."""
    root = parse(readable(document.decode())) if document else ()
    elements = {element.tag: element.text or "" for element in root}
    code = elements.pop("Code", CODES.get(status, "InvalidRequest"))
    message = elements.pop("Message", HTTPStatus(status).phrase)
    elements = {name: text for name, text in elements.items() if name not in ("RequestId", "HostId")}
    if code in _ABOUT_BUCKETS:
        elements = {"BucketName": order.bucket, **elements}
    elif code == "AccessDenied" and order.method == "DELETE":
        message = PROTECTED
    elif code == "NoSuchVersion":
        elements = {"Key": order.key, "VersionId": order.parameter("versionId"), **elements}
    return S3Error(status, code, message, elements, headers)


def _encryption_headers(configuration: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the headers for a bucket's default encryption, from moto's configuration of it."""
    rule = (configuration or {}).get("Rule", {})
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    headers = {
        ENCRYPTION: default.get("SSEAlgorithm", "AES256"),
        KMS_KEY: default.get("KMSMasterKeyID"),
        BUCKET_KEY: str(rule.get("BucketKeyEnabled", "")).lower(),
    }
    return {name: value for name, value in headers.items() if value}


def _cors_rule(rule: Any) -> CorsRule:
    return CorsRule(
        origins=tuple(rule.allowed_origins),
        methods=tuple(rule.allowed_methods),
        headers=tuple(rule.allowed_headers or ()),
        expose=tuple(rule.exposed_headers or ()),
        max_age_seconds=int(rule.max_age_seconds) if rule.max_age_seconds else None,
    )
