"""Buckets and their subresources: moto has their state, the archive the requests that set them up."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree as ET

from strict_s3.auth.access import is_public, public_policy
from strict_s3.messages.cors import OPEN
from strict_s3.messages.errors import S3Error, invalid_argument, refusal
from strict_s3.messages.identifiers import is_bucket_name
from strict_s3.messages.orders import DEFAULT_REGION, Order
from strict_s3.messages.response import Response
from strict_s3.messages.xml import document, parse, serialize
from strict_s3.store.acl import acl_of, check_acl, is_of_acl
from strict_s3.store.acl import describe as describe_acl
from strict_s3.store.archive import Archive
from strict_s3.store.backend import Backend
from strict_s3.store.locks import check_bucket

from . import configurations
from .documents import DOCUMENTS, OTHERS, OWNERSHIP, OWNERSHIPS, check_ownership, check_tags, completed
from .events import Events
from .shapes import shapes

_NO_ORIGIN = b"<AllowedOrigin></AllowedOrigin>"
_ORIGIN = b"<AllowedOrigin>\xee\x80\x80</AllowedOrigin>"
"""Stands in moto for an empty origin, which S3 accepts and moto does not: with a private-use character."""
_ROOT = re.compile(rb"(</?)GetBucket(Versioning|Notification|Accelerate)(?:Configuration)?Response\b")
"""Roots of moto's documents that S3 calls configurations; some SDKs look at the root."""
_MINIMUM = "x-amz-transition-default-minimum-object-size"
_MINIMUMS = ("all_storage_classes_128K", "varies_by_storage_class")
"""The sizes from which rules of a lifecycle move objects; the first one by default."""
_LOCATION = re.compile(r"EU|[a-z]{2,4}(?:-[a-z]+)+-\d+|")
"""Names of regions, and that of eu-west-1 in S3's first years."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FirstBucket:
    """A bucket that exists from the start.

    Attributes:
        region: its region.
        cors: whether it has CORS rules that allow every origin.
        policy: what everyone may do, of `options.POLICIES`.
    """

    name: str
    region: str
    cors: bool = False
    policy: str = "none"

    def subresources(self) -> Iterator[tuple[str, bytes]]:
        """Yield the subresources that are put once it is made, and their documents."""
        if self.cors:
            yield "cors", OPEN.document()
        if self.policy != "none":
            yield "policy", public_policy(self.name, writes=self.policy == "public")


class Buckets:
    """All buckets, and the requests that set up each of them, by subresource."""

    def __init__(self, backend: Backend, archive: Archive, events: Events) -> None:
        self._backend = backend
        self._archive = archive
        self._events = events
        self._settings: dict[str, dict[str, Any]] = {}

    def drop(self, bucket: str) -> None:
        """Forget a bucket; the archive is unchanged."""
        self._settings.pop(bucket, None)
        self._events.forget(bucket)

    def create(self, order: Order) -> Response:
        """Make a bucket: in the region that the order's body names, or else in the order's own."""
        if not is_bucket_name(order.bucket):
            raise refusal("InvalidBucketName", BucketName=order.bucket)
        check_ownership(order.headers)
        location, tagging = "", b""
        if order.body:
            root = parse(order.body)
            root.tag = "CreateBucketConfiguration"  # old tools have another
            location, tagging = root.findtext("LocationConstraint", ""), _tagging(root)
            order = replace(order, body=serialize(root))
        if not _LOCATION.fullmatch(location):
            raise refusal("InvalidLocationConstraint", LocationConstraint=location)
        settings: dict[str, Any] = {
            "region": order.region,
            "headers": dict(order.headers),
            "body": order.body.decode("latin-1"),
            "subresources": {},
        }
        with self._backend.lock:
            if order.bucket in self._settings:
                response = self._backend.carry_out(_located(replace(order, headers={})))
                self.change(_about_acl(order))  # in us-east-1 its owner resets the ACL this way
                return response
            acl = acl_of(order.headers)
            if len(acl.grants) > 1 and order.headers.get(OWNERSHIP, OWNERSHIPS[0]) == OWNERSHIPS[0]:
                raise refusal("InvalidBucketAclWithObjectOwnership")
            response = self._backend.carry_out(_located(order))
            self._backend.set_defaults(order.bucket, acl)
            settings["created"] = self._backend.moto_bucket(order.bucket).creation_date.isoformat()
            self._settings[order.bucket] = settings
            with self._archive.transaction():
                self._archive.save_bucket(order.bucket, settings)
                if tagging:
                    self.change(replace(order, query=(("tagging", ""),), headers={}, body=tagging))
        return response

    def read(self, order: Order) -> Response:
        """Carry out an order that reads a subresource of a bucket."""
        with self._backend.holding(order.bucket):
            if order.has("acl"):
                return Response.of_xml(describe_acl(self._backend.moto_bucket(order.bucket).acl))
            name = order.query[0][0] if order.query else ""
            if name in configurations.KINDS:
                return configurations.read(order, self._configurations(order))
            kind = DOCUMENTS.get(name, OTHERS)
            put = self._settings[order.bucket]["subresources"].get(name)
            if put is not None and name in shapes():
                response = Response.of_xml(put["body"].encode("latin-1"))
                return _with_minimum(response, name, put["headers"])
            if kind.default:
                return Response.of_xml(kind.default)
            response = self._backend.carry_out(order)
        if name:
            response.set_body(_ROOT.sub(rb"\1\2Configuration", b"".join(response.body)))
        return response

    def change(self, order: Order) -> Response:
        """Carry out an order that changes a bucket."""
        with self._backend.holding(order.bucket):
            if order.query and order.query[0][0] in configurations.KINDS:
                response = configurations.change(order, self._configurations(order))
                self._archive.save_bucket(order.bucket, self._settings[order.bucket])
                return response
            if order.method == "PUT":
                bucket = self._backend.existing(order.bucket)
                check_bucket(order, bucket)
                order = replace(order, body=completed(order.query[0][0], order.body, bucket))
                if (least := order.headers.get(_MINIMUM, _MINIMUMS[0])) not in _MINIMUMS:
                    raise invalid_argument(f"Invalid {_MINIMUM} header: {least}", _MINIMUM, least)
                if order.has("acl"):
                    check_acl(order.headers, bucket, order.body)
                is_blocked = order.has("policy") and "blockPublicPolicy" in bucket.blocks
                if is_blocked and is_public(order.body):
                    raise refusal("AccessDenied")
            elif not order.query and self._has_versions(order.bucket):
                raise refusal("BucketNotEmpty", BucketName=order.bucket)
            response = self._set_up(order)
            self._record(order)
            if order.has("notification"):
                self._events.send_test(order)
        if order.method == "PUT" and order.has("policy"):
            response.status = HTTPStatus.NO_CONTENT
            response.set_body(b"")
        return _with_minimum(response, order.query[0][0], order.headers) if order.body else response

    def _set_up(self, order: Order) -> Response:
        """Carry out an order that changes a bucket; moto's own parser of ACLs loses parts."""
        if order.method == "PUT" and order.has("notification"):
            self._events.configure(order.bucket, order.body)
        if order.method == "PUT" and order.has("cors"):
            order = replace(order, body=order.body.replace(_NO_ORIGIN, _ORIGIN))
        if order.method == "PUT" and order.has("acl"):
            self._backend.moto_bucket(order.bucket).set_acl(acl_of(order.headers, order.body))
            return Response(HTTPStatus.OK)
        if order.query and not DOCUMENTS.get(order.query[0][0], OTHERS).is_motos:
            return Response(HTTPStatus.OK)
        return self._backend.carry_out(order)

    def _configurations(self, order: Order) -> dict[str, str]:
        """Return the configurations of the kind that an order is about, by ID."""
        kinds = self._settings[order.bucket].setdefault("configurations", {})
        of_kind: dict[str, str] = kinds.setdefault(order.query[0][0], {})
        return of_kind

    def _has_versions(self, bucket: str) -> bool:
        versioning = self._backend.moto_bucket(bucket).versioning_status
        return bool(versioning and self._backend.versions(bucket).names)

    def _record(self, order: Order) -> None:
        if self._backend.bucket(order.bucket) is None:
            self.drop(order.bucket)
            self._archive.drop_bucket(order.bucket)
            return
        subresources = self._settings[order.bucket]["subresources"]
        name = order.query[0][0]
        if order.method == "PUT" and not (name == "tagging" and not check_tags(order.body)):
            subresources[name] = {"headers": dict(order.headers), "body": order.body.decode("latin-1")}
        else:
            subresources[name] = None
        self._archive.save_bucket(order.bucket, self._settings[order.bucket])

    def restore(self, bucket: str, settings: dict[str, Any]) -> None:
        """Restore a bucket from the archive; notifications to a webhook that is gone are left out."""
        region, body = settings["region"], settings["body"].encode("latin-1")
        self._backend.carry_out(_located(Order("PUT", bucket, "", (), settings["headers"], region, body)))
        self._backend.set_defaults(bucket, acl_of(settings["headers"]))
        if created := settings.get("created"):
            self._backend.moto_bucket(bucket).creation_date = datetime.fromisoformat(created)
        self._settings[bucket] = settings
        for name, subresource in settings["subresources"].items():
            order = Order("DELETE", bucket, "", ((name, ""),), {}, region)
            if subresource is not None:
                body = subresource["body"].encode("latin-1")
                order = replace(order, method="PUT", headers=subresource["headers"], body=body)
            try:
                self._set_up(order)
            except S3Error as error:
                _log.warning("The %s of bucket %s is lost: %s", name, bucket, error)


def _with_minimum(response: Response, selector: str, headers: Mapping[str, str]) -> Response:
    """Add the header that lifecycle rules have besides their document to a response about them."""
    if selector == "lifecycle":
        response.set_header(_MINIMUM, headers.get(_MINIMUM, _MINIMUMS[0]))
    return response


def _located(order: Order) -> Order:
    """Return the order to make a bucket, with the region in its body, where moto expects it."""
    if order.body or order.region == DEFAULT_REGION:
        return order
    content = {"LocationConstraint": order.region}
    return replace(order, body=document("CreateBucketConfiguration", content, is_qualified=False))


def _tagging(root: ET.Element) -> bytes:
    """Return the document of the tags in one to make a bucket, empty for none, or raise `S3Error`."""
    if not root.findall("Tags/Tag"):
        return b""
    tagging = ET.Element("Tagging")
    ET.SubElement(tagging, "TagSet").extend(root.iterfind("Tags/Tag"))
    document = serialize(tagging)
    check_tags(document, of_bucket=True)
    return document


def _about_acl(order: Order) -> Order:
    """Return the order that sets the ACL in an order to make a bucket."""
    headers = {name: value for name, value in order.headers.items() if is_of_acl(name)}
    return replace(order, query=(("acl", ""),), headers=headers, body=b"")
