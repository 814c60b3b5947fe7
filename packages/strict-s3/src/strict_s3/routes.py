"""Dispatches requests to operations, once they are authenticated and authorized."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from .auth.access import check_owner
from .auth.authentication import Authenticator, Signed
from .authorization import Authorization
from .buckets.documents import check_bypass
from .messages.cors import OPEN, CorsRule, preflight
from .messages.errors import MAX_HEADER_SECTION_BYTES, S3Error, invalid_argument, refusal
from .messages.orders import Bucket, Order
from .messages.request import OF_BUCKETS, OF_OBJECTS, Request, operation_of
from .messages.response import Response
from .messages.version_ids import is_version_id
from .objects.attributes import moto_headers
from .objects.objects import Objects, documents, read_document
from .objects.store import LISTS, Store
from .post_object import PostObject
from .probes import Probes

_SUBRESOURCES = ("acl", "tagging", "legal-hold", "retention")
NOT_IMPLEMENTED = ("encryption", "renameObject", "restore", "select", "torrent")
"""Selectors of objects that are a 501."""


class Routes:
    """Dispatches each request to its operation."""

    def __init__(
        self, store: Store, authenticator: Authenticator, post_object: PostObject, probes: Probes
    ) -> None:
        self._store = store
        self._probes = probes
        self._authenticator = authenticator
        self._objects = Objects(store)
        self._post_object = post_object

    def __call__(self, request: Request) -> Response:
        """Serve a request, or raise `S3Error`."""
        try:
            return self._serve(request)
        finally:
            documents.release(request)

    def _serve(self, request: Request) -> Response:
        pairs = (*request.headers.items(), *request.query)
        if sum(len(name) + len(value) for name, value in pairs) > MAX_HEADER_SECTION_BYTES:
            raise refusal("RequestHeaderSectionTooLarge", MaxSizeAllowed=MAX_HEADER_SECTION_BYTES)
        if not request.is_utf8:
            raise refusal("InvalidURI")
        if request.method == "OPTIONS":
            return self._preflight(request)
        if len(selectors := request.selectors) > 1:
            message = f"Conflicting query string parameters: {', '.join(selectors)}"
            raise invalid_argument(message, "ResourceType", selectors[0])
        if request.is_form:
            return self._post_object(request)
        bucket = self._store.bucket(request.bucket)
        signed = self._authenticator.authenticate(request, bucket.region if bucket else None)
        request = request.unsigned()
        if not request.bucket:
            return self._list_buckets(request, signed)
        if bucket is None:
            info = self._probes.info(request, is_signed=signed is not None)
            return info or self._create_bucket(request, signed)
        check_owner(request.headers, self._store.account)
        _check_selector(request)
        authorization = Authorization(self._store, request, self._store.account if signed else None)
        authorization.check(bucket)
        if request.key:
            return self._serve_object(request, signed, bucket)
        return self._serve_bucket(request, signed, bucket, authorization)

    def _preflight(self, request: Request) -> Response:
        resource_type = "OBJECT" if request.key else "BUCKET"
        return Response(HTTPStatus.OK, preflight(self.cors_rules(request), request.headers, resource_type))

    def cors_rules(self, request: Request) -> Sequence[CorsRule] | None:
        """Return the CORS rules for a request; None if it has no bucket."""
        if request.is_of_console:
            return (OPEN,)
        bucket = self._store.bucket(request.bucket)
        return bucket.cors if bucket else None

    def _list_buckets(self, request: Request, signed: Signed | None) -> Response:
        if signed is None:
            raise refusal("AccessDenied")
        if request.method != "GET":
            raise _not_allowed(request, "SERVICE")
        return self._store.serve_list("ListBuckets", Order("GET", "", "", request.query))

    def _create_bucket(self, request: Request, signed: Signed | None) -> Response:
        if request.method != "PUT" or request.key or request.selectors or request.is_unknown:
            raise refusal("NoSuchBucket", BucketName=request.bucket)
        if signed is None:
            raise refusal("AccessDenied")
        body = read_document(request, signed)
        order = Order("PUT", request.bucket, "", (), moto_headers(request.headers), signed.region, body)
        return self._store.buckets.create(order)

    def _serve_bucket(
        self, request: Request, signed: Signed | None, bucket: Bucket, authorization: Authorization
    ) -> Response:
        order, operation = Order.of(request, bucket, moto_headers(request.headers)), operation_of(request)
        if request.method in ("GET", "HEAD") and operation in LISTS:
            return self._store.serve_list(operation, order)
        selector = tuple(pair for pair in request.query if pair[0] in OF_BUCKETS)[:1]
        of_selector = tuple(pair for pair in request.query if selector and pair[0] == "id")
        order = replace(order, query=(*selector, *of_selector))
        if request.method in ("GET", "HEAD"):
            return self._store.buckets.read(order)
        if request.method not in ("PUT", "DELETE", "POST"):
            raise _not_allowed(request)
        order = replace(order, body=read_document(request, signed))
        check_bypass(request.headers, bucket)
        if request.method == "PUT" and not selector:
            return self._store.buckets.create(
                replace(order, region=signed.region if signed else bucket.region)
            )
        if request.method == "POST":
            return self._store.delete_objects(order, partial(authorization.may_delete, bucket))
        return self._store.buckets.change(order)

    def _serve_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        handlers = {
            "GET": self._read_object,
            "HEAD": self._read_object,
            "PUT": self._put_object,
            "POST": self._post_to_object,
            "DELETE": self._delete_object,
        }
        if request.method not in handlers:
            raise _not_allowed(request)
        version_id = request.parameter("versionId")
        if version_id and not is_version_id(version_id):
            raise invalid_argument("Invalid version id specified", "versionId", version_id)
        return handlers[request.method](request, signed, bucket)

    def _read_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        order = Order.of(request, bucket, moto_headers(request.headers))
        if request.has("attributes"):
            return self._store.object_attributes(order)
        if request.has(*_SUBRESOURCES):
            return self._store.subresource(order)
        if (operation := operation_of(request)) in LISTS:
            return self._store.serve_list(operation, order)
        return self._objects.get(request, signed, bucket)

    def _put_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        copies = "x-amz-copy-source" in request.headers
        if request.has("uploadId"):
            if copies:
                return self._objects.copy_part(request, bucket)
            return self._objects.put_part(request, signed, bucket)
        if request.has(*_SUBRESOURCES):
            document = read_document(request, signed)
            return self._store.subresource(Order.of(request, bucket, moto_headers(request.headers), document))
        if copies:
            return self._objects.copy(request, bucket)
        return self._objects.put(request, signed, bucket)

    def _post_to_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        if request.has("uploads"):
            return self._objects.begin_upload(request, bucket)
        return self._objects.complete_upload(request, signed, bucket)

    def _delete_object(self, request: Request, _signed: Signed | None, bucket: Bucket) -> Response:
        check_bypass(request.headers, bucket)
        order = Order.of(request, bucket, moto_headers(request.headers))
        if request.has("uploadId"):
            return self._store.uploads.abort(order)
        if request.has("tagging"):
            return self._store.subresource(order)
        return self._store.change_object(order)


def _check_selector(request: Request) -> None:
    """Raise `S3Error` unless the subresource of a request has its method: moto would do something else."""
    if request.is_unknown:
        raise refusal("NotImplemented")
    selector = next(iter(request.selectors), "")
    methods = OF_OBJECTS if request.key else OF_BUCKETS
    only_selects = request.method == "POST" and request.key  # and no form: those are posted to buckets
    if request.method not in methods.get(selector, ()) and (selector or only_selects):
        raise _not_allowed(request)
    if request.key and selector in NOT_IMPLEMENTED:
        raise refusal("NotImplemented")


def _not_allowed(request: Request, resource_type: str = "") -> S3Error:
    resource_type = resource_type or ("OBJECT" if request.key else "BUCKET")
    return refusal("MethodNotAllowed", Method=request.method, ResourceType=resource_type)
