"""Authorizes requests by bucket policies, and by ACLs that grant permissions to everyone."""

from functools import partial

from .auth.access import policy_effect
from .auth.authentication import Signed
from .auth.conditions import RequestContext
from .messages.errors import refusal
from .messages.operations import BY_NAME, Operation
from .messages.orders import Bucket
from .messages.request import COPY_SOURCE, Request
from .objects.preconditions import copy_source
from .objects.store import Store


class Authorization:
    """What the caller of a request is allowed: if signed, everything that no bucket policy denies.

    Args:
        signed: the signature; None for an unsigned request.
    """

    def __init__(self, store: Store, request: Request, signed: Signed | None) -> None:
        self._store = store
        self._request = request
        self._account = store.account if signed else None
        self._version = signed.version if signed else ""

    def check(self, bucket: Bucket, operation: Operation) -> None:
        """Raise AccessDenied unless the caller is allowed the operation of the request."""
        request, version_id = self._request, self._request.parameter("versionId") or ""
        if operation.name == "DeleteObjects" or (self._account and request.has("policy")):
            return  # checked for each key; an owner can always replace a policy
        if not self.allows(bucket, operation, request.key, version_id):
            raise refusal("AccessDenied")
        if operation.name in ("CopyObject", "UploadPartCopy"):
            self._check_source(*copy_source(request.headers[COPY_SOURCE]))

    def allows(self, bucket: Bucket, operation: Operation, key: str = "", version_id: str = "") -> bool:
        """Return whether the caller is allowed an operation on a bucket, an object, or a version of it."""
        tags = partial(self._store.tags, bucket.name, key, version_id)
        query = {**dict(self._request.query), **({"versionId": version_id} if version_id else {})}
        of_upload = self._store.uploads.headers(bucket.name, self._request.parameter("uploadId") or "")
        request = self._request
        headers = {**of_upload, **request.headers}
        context = RequestContext(headers, query, request.scheme, tags, request.caller.address, self._version)
        effects = {
            policy_effect(bucket.policy, action, bucket.name, key, context, self._account)
            for action in operation.actions_on(version_id)
        }
        if "Deny" in effects or self._account:
            return "Deny" not in effects
        permission, granted = operation.permission, bucket.public
        if key and permission not in ("", "WRITE"):
            public = self._store.public_permissions(bucket.name, key, version_id)
            if public is None:  # only callers that may list the bucket may know that the object is missing
                return self.allows(bucket, BY_NAME["ListObjects"])
            granted = frozenset() if "ignorePublicAcls" in bucket.blocks else public
        return permission in granted or (
            effects == {"Allow"} and "restrictPublicBuckets" not in bucket.blocks
        )

    def _check_source(self, name: str, key: str, version_id: str) -> None:
        bucket = self._store.bucket(name)
        if bucket is not None and not self.allows(bucket, BY_NAME["GetObject"], key, version_id):
            raise refusal("AccessDenied")
