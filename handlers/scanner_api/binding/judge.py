"""The judge of responses: openapi-core."""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner_contract import Contract, Operation

    from .answers import Rendered

SERVER = "http://contract.invalid"


class Judge:
    """Judges responses against the effective contract.

    openapi-core is slow to import and to build, and seldom asked: both wait for the first response that the
    accept filter does not accept.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    @cached_property
    def _validator(self) -> Any:
        from jsonschema_path import SchemaPath  # noqa: PLC0415 -- see the class
        from openapi_core.validation.response.validators import (  # noqa: PLC0415 -- see the class
            V30ResponseValidator,
            V31ResponseValidator,
        )

        # the judge finds an operation by server and path; the binding has found it already
        document = {**self._contract.document, "servers": [{"url": SERVER}]}
        kind = V30ResponseValidator if self._contract.openapi.startswith("3.0") else V31ResponseValidator
        return kind(SchemaPath.from_dict(document))

    def errors(self, operation: Operation, rendered: Rendered, media_type: str | None) -> list[str]:
        """Return what is wrong with a response, each part in a sentence; nothing if it keeps the contract."""
        asked = SimpleNamespace(host_url=SERVER, path=operation.path, method=operation.method)
        given = SimpleNamespace(
            status_code=rendered.status,
            data=rendered.body,
            content_type=media_type or "",
            headers=Headers(raw=rendered.headers),
        )
        return [
            sentence for error in self._validator.iter_errors(asked, given) for sentence in _sentences(error)
        ]


def _sentences(error: Exception) -> Iterator[str]:
    """Word an error of openapi-core, with the pointer into the body where there is one."""
    causes = getattr(error.__cause__, "schema_errors", None) or getattr(error, "schema_errors", ())
    for cause in causes:
        yield f"/{'/'.join(str(step) for step in cause.absolute_path)}: {cause.message[:300]}"
    if not causes:
        yield f"{error}{f': {error.__cause__}' if error.__cause__ else ''}"[:600]
