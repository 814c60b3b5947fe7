"""Dispatches requests to operations, once they are authenticated and authorized."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from .auth.access import check_owner
from .auth.authentication import Authenticator, Signed
from .authorization import Authorization
from .buckets.documents import check_bypass
from .identity import caller_identity, is_of_sts
from .messages.cors import OPEN, CorsRule, preflight
from .messages.errors import MAX_HEADER_SECTION_BYTES, S3Error, invalid_argument, refusal
from .messages.operations import BY_NAME, NONE, NOT_IMPLEMENTED, Operation
from .messages.orders import Bucket, Order
from .messages.request import Request
from .messages.response import Response
from .messages.version_ids import is_version_id
from .objects.attributes import moto_headers
from .objects.objects import Objects, documents, read_document
from .objects.store import LISTS, Store
from .post_object import PostObject
from .probes import Probes


class Routes:
    """Dispatches each request to its operation."""

    def __init__(
        self, store: Store, authenticator: Authenticator, post_object: PostObject, probes: Probes
    ) -> None:
        self._store = store
        self._probes = probes
        self._authenticator = authenticator
        self._post_object = post_object
        objects = Objects(store)
        self._with_content = {
            "GetObject": objects.get,
            "HeadObject": objects.get,
            "PutObject": objects.put,
            "CopyObject": objects.copy,
            "CreateMultipartUpload": objects.begin_upload,
            "UploadPart": objects.put_part,
            "UploadPartCopy": objects.copy_part,
            "CompleteMultipartUpload": objects.complete_upload,
        }
        self._of_objects = {
            "GetObjectAttributes": store.object_attributes,
            "DeleteObject": store.change_object,
            "AbortMultipartUpload": store.uploads.abort,
        }
        """What serves the operations on objects, by name; those on subresources are not here."""

    def __call__(self, request: Request) -> Response:
        """Serve a request, or raise `S3Error`."""
        try:
            if is_of_sts(request):
                return caller_identity(request, self._authenticator, self._store.account)
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
        if headers := sorted(NOT_IMPLEMENTED & request.headers.keys()):
            raise refusal("NotImplemented", Header=", ".join(headers))
        if not request.bucket:
            return self._list_buckets(request, signed)
        if bucket is None:
            info = self._probes.info(request, is_signed=signed is not None)
            return info or self._create_bucket(request, signed)
        check_owner(request.headers, self._store.account)
        operation = request.operation
        _check_served(request, operation)
        authorization = Authorization(self._store, request, signed)
        authorization.check(bucket, operation)
        if operation is NONE:
            raise _not_allowed(request)
        if request.key:
            return self._serve_object(request, signed, bucket, operation)
        return self._serve_bucket(request, signed, bucket, operation, authorization)

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
        if request.operation.name != "CreateBucket" or request.is_unknown:
            raise refusal("NoSuchBucket", BucketName=request.bucket)
        if signed is None:
            raise refusal("AccessDenied")
        body = read_document(request, signed)
        order = Order("PUT", request.bucket, "", (), moto_headers(request.headers), signed.region, body)
        return self._store.buckets.create(order)

    def _serve_bucket(
        self,
        request: Request,
        signed: Signed | None,
        bucket: Bucket,
        operation: Operation,
        authorization: Authorization,
    ) -> Response:
        order = Order.of(request, bucket, moto_headers(request.headers))
        if operation.name in LISTS:
            return self._store.serve_list(operation.name, order)
        selectors = request.selectors
        selector = tuple(pair for pair in request.query if pair[0] in selectors)[:1]
        of_selector = tuple(pair for pair in request.query if selector and pair[0] == "id")
        order = replace(order, query=(*selector, *of_selector))
        if request.method in ("GET", "HEAD"):
            return self._store.buckets.read(order)
        order = replace(order, body=read_document(request, signed))
        check_bypass(request.headers, bucket)
        if operation.name == "CreateBucket":
            return self._store.buckets.create(
                replace(order, region=signed.region if signed else bucket.region)
            )
        if operation.name == "DeleteObjects":
            return self._store.delete_objects(
                order, partial(authorization.allows, bucket, BY_NAME["DeleteObject"])
            )
        return self._store.buckets.change(order)

    def _serve_object(
        self, request: Request, signed: Signed | None, bucket: Bucket, operation: Operation
    ) -> Response:
        version_id = request.parameter("versionId")
        if version_id and not is_version_id(version_id):
            raise invalid_argument("Invalid version id specified", "versionId", version_id)
        if serve := self._with_content.get(operation.name):
            return serve(request, signed, bucket)
        if request.method == "DELETE":
            check_bypass(request.headers, bucket)
        document = read_document(request, signed) if operation.root else b""
        order = Order.of(request, bucket, moto_headers(request.headers), document)
        if operation.name in LISTS:
            return self._store.serve_list(operation.name, order)
        return self._of_objects.get(operation.name, self._store.subresource)(order)


def _check_served(request: Request, operation: Operation) -> None:
    """Raise `S3Error` unless the operation of a request is served: moto would do something else."""
    if request.is_unknown:
        raise refusal("NotImplemented")
    if operation is NONE and (request.selectors or request.method == "POST"):
        raise _not_allowed(request)
    if not operation.is_served:
        raise refusal("NotImplemented")


def _not_allowed(request: Request, resource_type: str = "") -> S3Error:
    resource_type = resource_type or ("OBJECT" if request.key else "BUCKET")
    return refusal("MethodNotAllowed", Method=request.method, ResourceType=resource_type)
