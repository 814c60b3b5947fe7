"""One operation of a contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OK = 200
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Pointers:
    """JSON pointers to the parts of an operation; Reference Objects are followed.

    Attributes:
        request_body: of the Request Body Object; where it would be if there is none.
        parameters: by where they are (``query``, ``path``, ...) and their names.
        responses: by the keys of the Responses Object.
        headers: by the pointer of the response, and the name of the header.
    """

    request_body: str
    parameters: dict[tuple[str, str], str] = field(default_factory=dict)
    responses: dict[str, str] = field(default_factory=dict)
    headers: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One operation of the contract.

    Reference Objects of parameters, request body, responses and their headers are followed; schemas are
    left as they stand in the document, so that a ``$ref`` in them keeps its JSON Schema meaning.

    Attributes:
        operation_id: the document's, or one derived from method and path; unique in the contract.
        method: lower case; of ``additionalOperations`` as the document spells it.
        pointer: JSON pointer of the Operation Object in the document.
        parameters: the path item's and the operation's, the latter winning by name and place; without the
            header parameters that OpenAPI says to ignore (Accept, Content-Type, Authorization).
        accepts: its parameters named ``Accept``, which say what to ask for.
        responses: Response Objects by status code, range (``2XX``) or ``default``.
        security: alternatives, each scopes by scheme name; ``()`` for an anonymous operation.
        pointers: where parameters, request body, responses and headers are in the document.
        defect: why the operation cannot be understood; empty for all that can.
    """

    operation_id: str
    method: str
    path: str
    pointer: str
    parameters: tuple[Mapping[str, Any], ...]
    request_body: Mapping[str, Any] | None
    responses: Mapping[str, Mapping[str, Any]]
    security: tuple[Mapping[str, Sequence[str]], ...]
    tags: tuple[str, ...]
    definition: Mapping[str, Any]
    pointers: Pointers
    defect: str = ""
    accepts: tuple[Mapping[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """Method and path, ``GET /path``."""
        return f"{self.method.upper()} {self.path}"

    @property
    def successes(self) -> list[int]:
        """The statuses of all successes: the lowest first, a range behind those that are in it."""
        return [_status(code) for code in sorted(self.responses) if code.startswith("2")]

    @property
    def success(self) -> int:
        """The status of a plain response: the lowest success, else the first one.

        A ``default`` stands for 200, but for one of problems alone beside others.
        """
        if self.successes:
            return self.successes[0]
        others = [code for code in self.responses if code != "default"]
        content = self.responses.get("default", {}).get("content", ())
        is_of_success = any(media_type != PROBLEM for media_type in content)
        return _status(others[0]) if others and not is_of_success else OK

    @property
    def is_secured(self) -> bool:
        """Whether each request needs a credential."""
        return all(self.security) and bool(self.security)

    def response_key(self, status: int) -> str | None:
        """Return the key of `responses` that declares a status: itself, its range or ``default``."""
        code = str(status)
        return next((key for key in (code, f"{code[0]}XX", "default") if key in self.responses), None)

    def response_for(self, status: int) -> Mapping[str, Any] | None:
        """Return the Response Object that declares a status, None if the status is undocumented."""
        key = self.response_key(status)
        return None if key is None else self.responses[key]


def _status(code: str) -> int:
    return int(code.upper().replace("X", "0"))
