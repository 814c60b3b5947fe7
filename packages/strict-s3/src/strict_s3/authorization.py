"""Authorizes requests by bucket policies, and by ACLs that grant permissions to everyone."""

from functools import partial

from .auth.access import ACL_PERMISSIONS, action_of, policy_effect
from .auth.conditions import RequestContext
from .messages.errors import refusal
from .messages.orders import Bucket
from .messages.request import Request
from .objects.preconditions import SOURCE, copy_source
from .objects.store import Store


class Authorization:
    """What the caller of a request is allowed: if signed, everything that no bucket policy denies.

    Args:
        account: of the signer; None for an unsigned request.
    """

    def __init__(self, store: Store, request: Request, account: str | None) -> None:
        self._store = store
        self._request = request
        self._account = account

    def check(self, bucket: Bucket) -> None:
        """Raise AccessDenied unless the caller is allowed to make the request."""
        request, version_id = self._request, self._request.parameter("versionId") or ""
        selector = next(iter(request.selectors), "")
        if selector == "delete" or (selector == "policy" and self._account):
            return  # checked for each key; an owner can always replace a policy
        action = action_of(request.method, request.key, selector, version_id)
        if not self.allows(bucket, action, request.key, version_id):
            raise refusal("AccessDenied")
        if SOURCE in request.headers and action == "s3:PutObject":
            self._check_source(*copy_source(request.headers[SOURCE]))

    def allows(self, bucket: Bucket, action: str, key: str = "", version_id: str = "") -> bool:
        """Return whether the caller is allowed an action on a bucket, an object, or a version of it."""
        tags = partial(self._store.tags, bucket.name, key, version_id)
        query = {**dict(self._request.query), **({"versionId": version_id} if version_id else {})}
        of_upload = self._store.uploads.headers(bucket.name, self._request.parameter("uploadId") or "")
        request = self._request
        headers = {**of_upload, **request.headers}
        context = RequestContext(headers, query, request.scheme, tags, request.caller.address)
        effect = policy_effect(bucket.policy, action, bucket.name, key, context, self._account)
        if effect == "Deny" or self._account:
            return effect != "Deny"
        permission, granted = ACL_PERMISSIONS.get(action), bucket.public
        if key and permission not in (None, "WRITE"):
            public = self._store.public_permissions(bucket.name, key, version_id)
            if public is None:  # only callers that may list the bucket may know that the object is missing
                return self.allows(bucket, "s3:ListBucket")
            granted = frozenset() if "ignorePublicAcls" in bucket.blocks else public
        return permission in granted or (effect == "Allow" and "restrictPublicBuckets" not in bucket.blocks)

    def may_delete(self, bucket: Bucket, key: str, version_id: str) -> bool:
        """Return whether the caller is allowed to delete an object, or a version of it."""
        return self.allows(bucket, action_of("DELETE", key, "", version_id), key, version_id)

    def _check_source(self, name: str, key: str, version_id: str) -> None:
        bucket = self._store.bucket(name)
        action = action_of("GET", key, "", version_id)
        if bucket is not None and not self.allows(bucket, action, key, version_id):
            raise refusal("AccessDenied")
