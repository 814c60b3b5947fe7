"""The WSGI app: put together here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.request import Request
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIApplication


def create_app(
    *,
    bucket: str,
    region: str = "us-west-2",
    credentials: Mapping[str, str],  # noqa: ARG001
    cors_open: bool = True,
    data_dir: str | None = None,  # noqa: ARG001
) -> WSGIApplication:
    backend = s3_backends["123456789012"]["aws"]
    backend.reset()
    made = backend.create_bucket(bucket, region)
    if cors_open:
        made.set_cors(
            [
                {
                    "AllowedMethod": ["GET", "PUT", "POST", "DELETE", "HEAD"],
                    "AllowedOrigin": ["*"],
                    "AllowedHeader": ["*"],
                    "ExposeHeader": ["ETag", "Location"],
                }
            ]
        )

    @Request.application
    def app(request):
        request.from_wsgi_server = True
        parts = request.raw_path.split("/")
        dispatch = S3Response.key_dispatch if len(parts) > 2 and parts[2] else S3Response.bucket_dispatch
        status, headers, body = dispatch(request, request.raw_url, dict(request.headers))
        headers = {**headers, "Content-Length": headers.get("content-length", str(len(body)))}
        return Response(body, status, headers)

    return app
