"""Buckets and what is put to them: moto knows what they are, the archive what was put."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from .access import is_public, public_policy
from .acl import acl_of, check_acl, is_of_acl
from .acl import describe as describe_acl
from .archive import Archive
from .backend import Backend
from .cors import OPEN
from .documents import check_document, check_ownership
from .errors import S3Error, refusal
from .identifiers import is_bucket_name
from .lifecycle import with_ids
from .locks import check_bucket
from .orders import DEFAULT_REGION, Order
from .request import OF_BUCKETS
from .response import Response
from .xml import document

_EMPTY_ORIGIN = re.compile(rb"<AllowedOrigin\s*(?:/>|>\s*</AllowedOrigin>)")
_ORIGIN = b"<AllowedOrigin>%s</AllowedOrigin>"
_NO_ORIGIN = b"\xee\x80\x80"
"""What stands in moto for an empty origin, which S3 takes and moto does not: a character for private use."""
_ROOT = re.compile(rb"(</?)GetBucket(Versioning|Notification|Accelerate)(?:Configuration)?Response\b")
"""How moto calls the roots of documents that S3 calls configurations; some SDKs look at the root."""
_NO_PERIOD = re.compile(rb"<(Days|Years)>0</\1>")
"""How moto says that a bucket's locks do not count in days or years."""
_AS_PUT = frozenset({"cors", "object-lock", "requestPayment", "tagging"})
"""Documents about buckets that are read as they were put: moto's differ in what is empty."""
_ENCRYPTION = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
_DEFAULTS = {
    "encryption": document("ServerSideEncryptionConfiguration", {"Rule": _ENCRYPTION}),
    "requestPayment": document("RequestPaymentConfiguration", {"Payer": "BucketOwner"}),
}
"""Of buckets that nobody put one to; encryption as at Amazon's since January 2023."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FirstBucket:
    """A bucket that there is from the beginning.

    Attributes:
        region: its region.
        cors: whether it has CORS rules that admit every origin.
        public: whether everyone may read its objects.
    """

    name: str
    region: str
    cors: bool = False
    public: bool = False

    def subresources(self) -> Iterator[tuple[str, bytes]]:
        """Yield what is put to it, once it is made."""
        if self.cors:
            yield "cors", OPEN.document()
        if self.public:
            yield "policy", public_policy(self.name)


class Buckets:
    """All buckets, and the requests that set each of them up, by subresource."""

    def __init__(self, backend: Backend, archive: Archive) -> None:
        self._backend = backend
        self._archive = archive
        self._settings: dict[str, dict[str, Any]] = {}

    def clear(self) -> None:
        """Drop all of them; what is in the archive stays there."""
        self._settings.clear()

    def create(self, order: Order) -> Response:
        """Make a bucket: in the region that the order's body names, or else in the order's own."""
        if not is_bucket_name(order.bucket):
            raise refusal("InvalidBucketName", BucketName=order.bucket)
        check_ownership(order.headers)
        settings: dict[str, Any] = {
            "region": order.region,
            "headers": dict(order.headers),
            "body": order.body.decode("latin-1"),
            "subresources": {},
        }
        with self._backend.lock:
            if order.bucket in self._settings:
                response = self._backend.carry_out(_located(replace(order, headers={})))
                self.change(_about_acl(order))  # in us-east-1 its owner resets the ACL with that
                return response
            acl = acl_of(order.headers)
            response = self._backend.carry_out(_located(order))
            self._backend.set_defaults(order.bucket, acl)
            self._settings[order.bucket] = settings
            self._archive.save_bucket(order.bucket, settings)
        return response

    def ask(self, order: Order) -> Response:
        """Carry out an order that asks for something of a bucket."""
        with self._backend.holding(order.bucket):
            if order.asks_for("acl"):
                return Response.of_xml(describe_acl(self._backend.acl(order.bucket)))
            name = order.query[0][0] if order.query else ""
            put = self._settings[order.bucket]["subresources"].get(name)
            if put is None and name in _DEFAULTS:
                return Response.of_xml(_DEFAULTS[name])
            if put is not None and name in _AS_PUT:
                return Response.of_xml(put["body"].encode("latin-1").replace(_NO_ORIGIN, b""))
            response = self._backend.carry_out(order)
        if name:
            without_periods = _NO_PERIOD.sub(b"", b"".join(response.body))
            response.set_body(_ROOT.sub(rb"\1\2Configuration", without_periods))
        return response

    def change(self, order: Order) -> Response:
        """Carry out an order that changes a bucket."""
        with self._backend.holding(order.bucket):
            if order.method == "PUT":
                bucket = self._backend.existing(order.bucket)
                check_bucket(order, bucket)
                check_document(order.query[0][0], order.body, bucket)
                if order.asks_for("acl"):
                    check_acl(order.headers, bucket, order.body)
                is_blocked = order.asks_for("policy") and "blockPublicPolicy" in bucket.blocks
                if is_blocked and is_public(order.body):
                    raise refusal("AccessDenied")
            elif not order.query and self._has_versions(order.bucket):
                raise refusal("BucketNotEmpty", BucketName=order.bucket)
            order = _completed(order)
            response = self._set_up(order)
            self._record(order)
        if order.method == "PUT" and order.asks_for("policy"):
            response.status = HTTPStatus.NO_CONTENT
            response.set_body(b"")
        return response

    def _set_up(self, order: Order) -> Response:
        """Carry out a complete order that changes a bucket; an ACL is ours, since moto's has less in it."""
        if order.method == "PUT" and order.asks_for("acl"):
            self._backend.set_acl(order.bucket, acl_of(order.headers, order.body))
            return Response(HTTPStatus.OK)
        if order.asks_for("requestPayment"):  # it says what is so in any case
            return Response(HTTPStatus.OK)
        return self._backend.carry_out(order)

    def _has_versions(self, bucket: str) -> bool:
        return bool(self._backend.versioning(bucket) and self._backend.versions(bucket))

    def _record(self, order: Order) -> None:
        if self._backend.bucket(order.bucket) is None:
            self._settings.pop(order.bucket, None)
            self._archive.drop_bucket(order.bucket)
            return
        subresources = self._settings[order.bucket]["subresources"]
        name = order.query[0][0]
        if order.method == "PUT":
            subresources[name] = {"headers": dict(order.headers), "body": order.body.decode("latin-1")}
        elif order.method == "DELETE":
            subresources[name] = None
        self._archive.save_bucket(order.bucket, self._settings[order.bucket])

    def restore(self, bucket: str, settings: dict[str, Any]) -> None:
        """Make a bucket as the archive has it; what S3 does not take is left out, and warned of."""
        headers, body = settings["headers"], settings["body"].encode("latin-1")
        self._backend.carry_out(_located(Order("PUT", bucket, "", (), headers, settings["region"], body)))
        try:
            acl = acl_of(headers)
        except S3Error as error:  # a version before took what S3 does not
            _log.warning("The ACL of bucket %s is lost: %s", bucket, error)
            acl = acl_of({})
        self._backend.set_defaults(bucket, acl)
        self._settings[bucket] = settings
        for name, subresource in settings["subresources"].items():
            if name not in OF_BUCKETS:  # a version before took more for parts of a bucket
                _log.warning("The %s of bucket %s is lost: it is unknown.", name, bucket)
                continue
            order = Order("DELETE", bucket, "", ((name, ""),), {}, settings["region"])
            if subresource is not None:
                body = subresource["body"].encode("latin-1")
                order = replace(order, method="PUT", headers=subresource["headers"], body=body)
            try:
                order = _completed(order)  # a version before gave rules no IDs
                self._set_up(order)
            except S3Error as error:
                _log.warning("The %s of bucket %s is lost: %s", name, bucket, error)
                if name == "acl":  # that of the bucket's creation may grant more
                    self._backend.set_acl(bucket, acl_of({}))
                continue
            if subresource is not None and order.body != body:
                self._record(order)


def _located(order: Order) -> Order:
    """Return the order to make a bucket, with the region in its body, where moto wants it."""
    if order.body or order.region == DEFAULT_REGION:
        return order
    content = {"LocationConstraint": order.region}
    return replace(order, body=document("CreateBucketConfiguration", content, is_qualified=False))


def _completed(order: Order) -> Order:
    """Return the order to change a bucket, with what moto needs in its body."""
    if order.method == "PUT" and order.asks_for("lifecycle"):
        return replace(order, body=with_ids(order.body))
    if order.method == "PUT" and order.asks_for("cors"):
        return replace(order, body=_EMPTY_ORIGIN.sub(_ORIGIN % _NO_ORIGIN, order.body))
    return order


def _about_acl(order: Order) -> Order:
    """Return the order for the ACL that a bucket has once an order to make it is carried out."""
    headers = {name: value for name, value in order.headers.items() if is_of_acl(name)}
    return replace(order, query=(("acl", ""),), headers=headers, body=b"")
