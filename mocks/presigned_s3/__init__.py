"""S3 as production has it: moto stores, the front before it refuses as S3 does.

    with s3_server("photos", credentials={"AK": "secret"}) as s3:
        boto3.client("s3", endpoint_url=s3.url, aws_access_key_id="AK", aws_secret_access_key="secret")

`s3_server` runs it in a process of its own for as long as it is entered, `S3Server` is that process.
`presigned_s3.app.create_app` is the WSGI app for a test's own process; importing it imports moto, which takes
most of a second. What ``__all__`` lists is public, and imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import S3Server, s3_server

__all__ = ["S3Server", "s3_server"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import server  # noqa: PLC0415 -- the pytest plugin, which is always loaded, imports the package

    return getattr(server, name)
