"""The console's files, as they are in this folder."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.service.messages.problems import NotFound
from contract_first.service.pages import Page

PATH: Final = "/_mock/console"
FOLDER: Final = Path(__file__).parent
PLACE: Final = re.compile(rb"<!-- (\w+) -->\n")
MEDIA_TYPES: Final = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}


class ConsolePage:
    """The page, and below it what it loads.

    Args:
        s3: returns the URL of S3, if there is one: beside the mock itself, the only place that the
            page may talk to.
        views: folder with an application's views: scripts and styles, and ``NAME.html`` for each place
            ``<!-- NAME -->`` of the page; None for none.
    """

    def __init__(self, s3: Callable[[], str] | None = None, views: Path | None = None) -> None:

        def policy() -> str:
            return policy_with(s3() if s3 else "")

        files = {file.name: file for folder in (FOLDER, views) if folder for file in folder.iterdir()}
        self._pages: dict[str, ASGIApp] = {
            f"{PATH}/{name}": Page(file.read_bytes, MEDIA_TYPES[file.suffix], policy=policy)
            for name, file in files.items()
            if file.suffix in MEDIA_TYPES and file.suffix != ".html"
        }
        self._pages[PATH] = Page(lambda: _page(views), MEDIA_TYPES[".html"], policy=policy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to GET and HEAD.

        Raises:
            NotFound: the console has no such file.
        """
        page = self._pages.get(scope["path"].removesuffix("/"))
        if page is None:
            raise NotFound("The console has no file of this name.")
        await page(scope, receive, send)


def _page(views: Path | None) -> bytes:
    """Return the page, with an application's views in their places."""

    def view(place: re.Match[bytes]) -> bytes:
        file = views and views / f"{place[1].decode()}.html"
        return file.read_bytes() if file and file.is_file() else b""

    return PLACE.sub(view, (FOLDER / "index.html").read_bytes())


def policy_with(s3: str) -> str:
    """Return the console's Content-Security-Policy: nothing inline, and nothing from anywhere else."""
    if not s3:
        where = "'self'"
    elif "[" in s3:
        where = "'self' http:"  # a policy cannot name an IPv6 address
    else:
        where = f"'self' {s3}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; connect-src {where}; img-src {where} blob: data:"
    )
