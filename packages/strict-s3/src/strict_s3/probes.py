"""What other servers respond to those that watch them: health paths, and MinIO's information for admins."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version
from time import monotonic
from typing import Final

from .messages.errors import refusal
from .messages.request import Request
from .messages.response import Response
from .objects.store import Store

_RUNNING = b'{"services": {"s3": "running"}, "edition": "strict-s3"}'
_QUORUM = ("X-Minio-Write-Quorum", "1")
_ALIVE: Final = ("minio", "health/live")
_HEALTH: Mapping[tuple[str, str], tuple[str, bytes]] = {
    ("healthz", ""): ("text/plain", b"ok"),
    _ALIVE: ("text/plain", b""),
    ("minio", "health/ready"): ("text/plain", b""),
    ("minio", "health/cluster"): ("text/plain", b""),
    ("minio", "health/cluster/read"): ("text/plain", b""),
    ("_localstack", "health"): ("application/json", _RUNNING),
}
"""What probes get, by bucket and key, unless there is such a bucket."""
_INFO = ("minio", "admin/v3/info")


class Probes:
    """Responds to probes.

    Attributes:
        is_ready: whether S3 has been initialized; until then only the probe of its life succeeds.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._started = monotonic()
        self.is_ready = True

    def health(self, request: Request) -> Response | None:
        """Return the response to a probe of the health, which nobody signs; None for any other request."""
        path = (request.bucket, request.key)
        if path not in _HEALTH or request.method not in ("GET", "HEAD") or self._store.bucket(path[0]):
            return None
        if not self.is_ready and path != _ALIVE:
            return Response.of_error(refusal("ServiceUnavailable"), "", "")
        media_type, body = _HEALTH[path]
        return Response(HTTPStatus.OK, [("Content-Type", media_type), _QUORUM], [body], len(body))

    def info(self, request: Request, *, is_signed: bool) -> Response | None:
        """Return the response to ``mc admin info``; None for any other request.

        Raises:
            S3Error: AccessDenied, if it is not signed.
        """
        if (request.bucket, request.key) != _INFO or request.method != "GET":
            return None
        if not is_signed:
            raise refusal("AccessDenied")
        names = self._store.bucket_names()
        usage = [self._store.usage(name) for name in names]
        server = {
            "state": "online",
            "endpoint": request.headers.get("host", ""),
            "scheme": request.scheme,
            "uptime": round(monotonic() - self._started),
            "version": f"strict-s3 {version('strict-s3')}",
            "drives": [],
            "network": {},
        }
        body = json.dumps({
            "mode": "online",
            "deploymentID": "strict-s3",
            "buckets": {"count": len(names)},
            "objects": {"count": sum(count for count, _ in usage)},
            "usage": {"size": sum(size for _, size in usage)},
            "backend": {"backendType": "FS"},
            "servers": [server],
        }).encode()  # fmt: skip
        return Response(HTTPStatus.OK, [("Content-Type", "application/json")], [body], len(body))
