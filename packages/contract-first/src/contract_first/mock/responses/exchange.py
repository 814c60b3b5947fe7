"""One request on its way through the steps of its operation."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered

from .documented import DocumentedResponse
from .preferences import LONGEST, Preferences
from .selection import Selection

Arguments: TypeAlias = "Mapping[tuple[str, str], Any]"
"""The arguments of a request, by place and name; its body by ``BODY``."""
NO_PREFERENCES: Final = Preferences()
SUCCESS: Final = Selection()
NO_RESPONSE: Final = DocumentedResponse("", Rendered(0, [], b""))
SANDBOX: Final = (b"content-security-policy", b"sandbox")
"""Examples, and what a response repeats of a request, must not run as a page of this machine."""


@dataclass(slots=True)
class Exchange:
    """A request, and what the steps have made of it so far.

    Attributes:
        arguments: by name, as handlers take them.
        places: the same, by place and name.
        selection: which documented response is to be sent.
        applied: the ``Preference-Applied`` field.
        documented: the response that is documented.
        rendered: the response as it is sent, but for its headers; None for that which is documented.
        source: of the response, where it is not that of the documented one.
    """

    request: Request
    preferences: Preferences = NO_PREFERENCES
    arguments: dict[str, Any] = field(default_factory=dict)
    places: Arguments = field(default_factory=dict)
    selection: Selection = SUCCESS
    applied: bytes = b""
    documented: DocumentedResponse = NO_RESPONSE
    rendered: Rendered | None = None
    source: str = ""


Step: TypeAlias = "Callable[[Exchange], Awaitable[Rendered | None]]"
"""Does one thing for a response; returns that where no further step is needed, or raises a Problem."""


async def through(steps: Iterable[Step], exchange: Exchange) -> Rendered:
    """Take an exchange through steps, up to the one that returns the response; the last one does."""
    for step in steps:
        rendered = await step(exchange)
        if rendered is not None:
            return rendered
    raise AssertionError("No step has returned a response.")


def accepted(request: Request) -> str | None:
    """Return the Accept header, as far as it is remembered."""
    accept = request.headers.get(b"accept")
    return None if accept is None else accept[:LONGEST].decode("latin-1")
