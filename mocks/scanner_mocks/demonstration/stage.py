"""Where each exchange is made and shown."""

import re
import time
from collections.abc import Container
from itertools import count
from typing import Any, Final

import httpx2
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from scanner_mocks.server import Mock

API: Final = "/scanner/api/v1"
LABEL_WIDTH: Final = 5
MARGIN: Final = 3
POLL_SECONDS: Final = 0.5
"""As often as the rate limit of a key allows, with something left for the rest."""
LONGEST_WAIT_SECONDS: Final = 120


class Failed(Exception):  # noqa: N818 -- says what happened
    """The demonstration ended otherwise than it should; the message says how."""


class Stage:
    """Makes exchanges with a mock, and shows each as a numbered step."""

    def __init__(self, mock: Mock, client: httpx2.Client, console: Console) -> None:
        self.mock = mock
        self.console = console
        self._client = client
        self._steps = count(1)
        self._key = {"X-API-Key": mock.api_key}

    def begin(self, title: str) -> None:
        """Show the title of the next step."""
        self.console.print(f"\n[bold]{next(self._steps)}  {title}[/]")

    def tell(self, label: str | httpx2.Response, text: str) -> None:
        """Show a line of the step; a response as label is shown as its status, and how long it took."""
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=LABEL_WIDTH, style="dim")
        line.add_column(overflow="fold")
        if isinstance(label, httpx2.Response):
            milliseconds = label.elapsed.total_seconds() * 1000
            line.add_row(f"[not dim green]{label.status_code}[/]", f"{text} [dim]in {milliseconds:.0f} ms[/]")
        else:
            line.add_row(label, text)
        self.show(line)

    def tell_address(self, label: str, address: str) -> None:
        """Show a URL or an object key; one that is too long is broken between its parts."""
        width = self.console.width - LABEL_WIDTH - MARGIN - 4
        parts = re.findall(rf".{{1,{width}}}(?=[/?&]|$)|.{{1,{width}}}", address)
        self.tell(label, "\n".join(parts))

    def show(self, table: Table) -> None:
        self.console.print(Padding(table, (0, 0, 0, MARGIN)))

    def call(
        self, method: str, path: str, *, expected: int = 200, detail: str = "", **parts: Any
    ) -> httpx2.Response:
        """Call an operation of the API with the mock's key, and show what is sent; see ``exchange``."""
        url = f"{self.mock.api}{API}{path}"
        return self.exchange(method, url, expected=expected, detail=detail, headers=self._key, **parts)

    def exchange(
        self, method: str, url: str, *, expected: int = 200, detail: str = "", **parts: Any
    ) -> httpx2.Response:
        """Send a request and show it; the caller shows the response.

        Raises:
            Failed: there was no response, or its status is not the expected one.
        """
        request = self._client.build_request(method, url, **parts)
        self.tell_address(method, str(request.url).partition("?X-Amz-")[0])
        if detail:
            self.tell("sent", detail)
        return self._response(request, expected)

    def poll(self, path: str, field: str, ends: Container[str]) -> Any:
        """Ask until a field of the response has one of the values, and show each that it has till then.

        Raises:
            Failed: it had none of them in two minutes, or a response was not 200.
        """
        url = f"{self.mock.api}{API}{path}"
        self.tell_address("GET", url)
        start, last = time.monotonic(), None
        with self.console.status("") as waiting:
            while (waited := time.monotonic() - start) < LONGEST_WAIT_SECONDS:
                response = self._response(self._client.build_request("GET", url, headers=self._key), 200)
                body = response.json()
                if body[field] != last:
                    last = body[field]
                    self.tell(response, f"{field}: {last}, after {waited:.1f} s,")
                if last in ends:
                    return body
                waiting.update(f"{field}: {last}, {waited:.0f} s")
                time.sleep(POLL_SECONDS)
        raise Failed(f"{field} is still {last} after {LONGEST_WAIT_SECONDS} s.")

    def _response(self, request: httpx2.Request, expected: int) -> httpx2.Response:
        try:
            response = self._client.send(request)
        except httpx2.HTTPError as error:
            raise Failed(f"there was no response: {error}.") from error
        if response.status_code != expected:
            raise Failed(f"the response was {response.status_code}, not {expected}: {response.text}")
        return response
