"""POST Object: the upload that a browser makes with a form and a signed policy."""

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote_plus, urlsplit, urlunsplit

from .auth.authentication import Authenticator, Signed
from .auth.policy import Policy, parse
from .authorization import Authorization
from .faults import Faults
from .http.form import Form
from .messages.checksums import DEFAULT, Checksum, ContentMd5, claimed_checksum
from .messages.clock import Clock
from .messages.errors import missing_field, refusal
from .messages.operations import BY_NAME
from .messages.orders import MAX_OBJECT_BYTES, Bucket, Order
from .messages.request import Request
from .messages.response import Response
from .messages.xml import document
from .objects.attributes import check_attributes, check_key, check_verified, headers_of_form, stored_headers
from .objects.store import Store

_URL = re.compile(r"[\x21-\x7e]+")


class PostObject:
    """Checks forms, and stores the files of those that it accepts."""

    def __init__(self, store: Store, authenticator: Authenticator, clock: Clock, faults: Faults) -> None:
        self._store = store
        self._authenticator = authenticator
        self._clock = clock
        self._faults = faults

    def __call__(self, request: Request) -> Response:
        """Serve the POST of a form to a bucket."""
        bucket = self._store.existing(request.bucket)
        if request.body_length is None:
            raise refusal("MissingContentLength")
        form = Form(request.body, request.headers.get("content-type", ""), request.body_length)
        try:
            form.read_fields()
        finally:
            request.fields.update(form.fields)
        with self._faults.around(request, fields_are_read=True):
            return self._respond(request, form, bucket)

    def _respond(self, request: Request, form: Form, bucket: Bucket) -> Response:
        if "key" not in form.fields:
            raise missing_field("key")
        signed = self._authenticator.authenticate_form(form.fields, bucket.region)
        policy = self._policy(request, form, bucket, signed)
        headers = headers_of_form(form.fields)
        check_key(form.fields["key"])
        check_attributes(headers, bucket, signed)
        check_verified(headers, bucket)
        return self._store_file(request, form, policy, headers, bucket)

    def _policy(self, request: Request, form: Form, bucket: Bucket, signed: Signed | None) -> Policy | None:
        """Return the policy that allows these fields; None if the bucket accepts an unsigned form."""
        fields = form.fields
        described = replace(request, headers={**request.headers, **fields}, query=())
        authorization = Authorization(self._store, described, signed)
        is_allowed = authorization.allows(bucket, BY_NAME["PostObject"], fields["key"])
        if signed is None:
            if "policy" in fields or not is_allowed:
                raise refusal("AccessDenied")
            return None
        policy = parse(fields["policy"])
        policy.check({**fields, "bucket": bucket.name}, self._clock.now())
        if not is_allowed:
            raise refusal("AccessDenied")
        return policy

    def _store_file(
        self, request: Request, form: Form, policy: Policy | None, headers: dict[str, str], bucket: Bucket
    ) -> Response:
        md5, checksum = ContentMd5(headers.get("content-md5")), claimed_checksum(headers) or Checksum(DEFAULT)
        with self._store.new_content(bucket.name, md5, checksum) as content:
            limit = policy.max_bytes if policy else MAX_OBJECT_BYTES
            content.receive(form.file_blocks(), limit, form.proposed_size)
            if policy is not None:
                policy.check_size(content.size)
            content.check()
            stored = stored_headers(headers, bucket)
            key, caller = form.fields["key"], request.caller
            order = Order("PUT", bucket.name, key, (), stored, bucket.region, caller=caller)
            return _accepted(request, form.fields, self._store.put_object(order, content, "Post"))


def _accepted(request: Request, fields: Mapping[str, str], put: Response) -> Response:
    """Return the response to a form whose file was stored."""
    etag = put.header("ETag") or ""
    location = request.object_url(fields["key"])
    headers = [pair for pair in put.headers if pair[0].lower() != "content-type"]
    redirect = _redirect(fields, request.bucket, etag)
    if redirect is not None:
        return Response(HTTPStatus.SEE_OTHER, [*headers, ("Location", redirect)])
    headers.append(("Location", location))
    status = fields.get("success_action_status")
    if status == "201":
        content = {"Location": location, "Bucket": request.bucket, "Key": fields["key"], "ETag": etag}
        result = document("PostResponse", content, is_qualified=False)
        return Response.of_xml(result, headers, HTTPStatus.CREATED)
    return Response(HTTPStatus.OK if status == "200" else HTTPStatus.NO_CONTENT, headers)


def _redirect(fields: Mapping[str, str], bucket: str, etag: str) -> str | None:
    """Return the URL that a page is redirected to after its upload; None if the form has no valid one."""
    target = fields.get("success_action_redirect") or fields.get("redirect") or ""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or not _URL.fullmatch(target):
        return None
    query = f"bucket={quote_plus(bucket)}&key={quote_plus(fields['key'])}&etag={quote_plus(etag)}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))
