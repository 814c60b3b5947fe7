"""``scanner-api health``: the health check of a container, which has no other HTTP client."""

import os
from http.client import HTTPException
from typing import Annotated
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import typer

from contract_first.cli.commands import failure
from contract_first.contract.document.errors import reason_of

TIMEOUT_SECONDS = 4
MOST_SHOWN_BYTES = 1000
PORT = 8000

Url = Annotated[
    str | None,
    typer.Argument(
        metavar="URL",
        help="Health check of the server.",
        show_default=f"http://127.0.0.1:{PORT}/healthz, at the port of SCANNER_PORT",
    ),
]


def health(url: Url = None) -> None:
    """Print the health of a server, by default the one on this machine; for health checks of containers.

    Exit codes: 0 healthy, 1 not healthy, or no response within 4 seconds.
    """
    target = url or f"http://127.0.0.1:{os.environ.get('SCANNER_PORT', PORT)}/healthz"
    try:
        # a proxy of the environment has no business in between
        with build_opener(ProxyHandler({})).open(target, timeout=TIMEOUT_SECONDS) as response:
            typer.echo(response.read(MOST_SHOWN_BYTES).decode(errors="replace"))
    except HTTPError as error:
        raise failure(
            f"{target} responded with {error.code}: {error.read(MOST_SHOWN_BYTES).decode(errors='replace')}",
            1,
        ) from None
    except (OSError, ValueError, HTTPException) as error:
        raise failure(f"{target} does not respond: {reason_of(error)}", 1) from None
