"""The console's files, as they are in this folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from openapi_service.pages import Page
from openapi_service.problems import NotFound

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH: Final = "/_mock/console"
FOLDER: Final = Path(__file__).parent
MEDIA_TYPES: Final = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}


class ConsolePage:
    """The page, and below it what it loads.

    Args:
        s3: URL of S3, if there is one: beside the mock itself, the only place that the page may talk to.
    """

    def __init__(self, s3: str | None = None) -> None:
        policy = policy_with(s3)
        self._pages: dict[str, ASGIApp] = {
            f"{PATH}/{file.name}": Page(file.read_bytes, MEDIA_TYPES[file.suffix], policy=policy)
            for file in FOLDER.iterdir()
            if file.suffix in MEDIA_TYPES
        }
        self._pages[PATH] = self._pages.pop(f"{PATH}/index.html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD.

        Raises:
            NotFound: the console has no such file.
        """
        page = self._pages.get(scope["path"].removesuffix("/"))
        if page is None:
            raise NotFound("The console has no file of this name.")
        await page(scope, receive, send)


def policy_with(s3: str | None) -> str:
    """Return the console's Content-Security-Policy: nothing inline, and nothing from anywhere else."""
    if s3 is None:
        where = "'self'"
    elif "[" in s3:
        where = "'self' http:"  # a policy cannot name an IPv6 address
    else:
        where = f"'self' {s3}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; connect-src {where}; img-src {where} blob: data:"
    )
