"""openapi-core as the validator of requests, on values that the service's own readers have read.

openapi-core reads parameters and forms more loosely than the service does (``1_000`` is an integer, ``yes`` a
boolean, a label-style path parameter is never found). Its seams for reading are the deserializers; those here
hand over what has been read, so that it validates the same values that a handler would get.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Any

from openapi_contract import Contract, Operation
from openapi_service.response_validation import ResponseValidator, Routed
from openapi_service.responses import Rendered


@dataclass
class ReadParameters:
    """What a request's parameters hold, as JSON values by name."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    cookie: dict[str, Any] = field(default_factory=dict)
    querystring: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, place: str) -> dict[str, Any]:
        return getattr(self, place)  # type: ignore[no-any-return] # one of the five


@dataclass
class ReadBody:
    """What a request's body holds.

    Attributes:
        value: a JSON value, or the bytes of what is none.
        declared: the media type under which the contract declares it.
    """

    value: Any
    declared: str


class OpenapiCore:
    """Asks openapi-core for what is wrong with a request or a response of a known operation."""

    def __init__(self, contract: Contract) -> None:
        self._schemas = contract.schemas
        self._responses = ResponseValidator(contract)

    def request_errors(
        self, operation: Operation, parameters: ReadParameters, body: ReadBody | None
    ) -> list[Any]:
        """Return openapi-core's errors in a request; it raises anything for what it cannot validate."""
        asked = SimpleNamespace(
            host_url="",
            path=operation.path,
            method=operation.method,
            parameters=parameters,
            body=body,
            content_type=body.declared if body else "",
        )
        return _quietly(lambda: list(self._requests.iter_errors(asked)))

    def response_errors(self, operation: Operation, rendered: Rendered, media_type: str | None) -> list[Any]:
        """Return openapi-core's errors in a response; it raises anything for what it cannot validate."""
        return _quietly(lambda: self._responses.found(operation, rendered, media_type))

    @cached_property
    def _requests(self) -> Any:
        from openapi_core.validation.request.validators import (  # noqa: PLC0415 -- slow to import
            V30RequestValidator,
            V31RequestValidator,
        )

        from openapi_contract.directions import of_31, of_requests  # noqa: PLC0415 -- the same

        kind: Any = partial(V31RequestValidator, schema_validators_factory=of_31())
        if self._schemas.is_30:
            directed = of_requests(self._schemas)
            kind = partial(V30RequestValidator, schema_validators_factory=directed)
        return kind(
            self._responses.document,
            path_finder_cls=Routed,
            style_deserializers_factory=_AsRead(),
            media_type_deserializers_factory=_AsRead(),
            security_provider_factory=_Presented(),
        )


class _AsRead:
    """Makes deserializers that hand over what has been read already."""

    def create(self, *_: Any, name: str | None = None, **__: Any) -> Any:
        """Return the deserializer of a parameter, or of a body where there is no name."""
        if name is None:
            return SimpleNamespace(deserialize=lambda body: getattr(body, "value", body))
        return SimpleNamespace(deserialize=lambda parameters: parameters[name])


class _Presented:
    """Takes every credential for presented: security is validated by shape, elsewhere."""

    def create(self, _scheme: Any) -> Callable[[Any], str]:
        """Return the provider of a security scheme."""
        return lambda _parameters: ""


def _quietly(ask: Callable[[], list[Any]]) -> list[Any]:
    """Ask without openapi-core's warnings, such as that a parameter which was sent is deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"openapi_core\.")
        return ask()
