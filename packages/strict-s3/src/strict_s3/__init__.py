"""A local S3 that refuses what Amazon's refuses: moto stores, the layers before it validate.

    with running("photos", credentials={"AK": "secret"}) as s3:
        boto3.client("s3", endpoint_url=s3.url, aws_access_key_id="AK", aws_secret_access_key="secret")

`running` runs it in a process of its own for the length of a ``with`` block; `Server` is that process.
``app.create_app`` is the WSGI app for a test's own process; importing it imports moto, which takes
most of a second. What ``__all__`` lists is public, and imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Server, running

__all__ = ["Server", "running"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import server  # noqa: PLC0415 -- the pytest plugin, which is always loaded, imports the package

    return getattr(server, name)
