"""Requests that tests send to an operation, as calls of an httpx2 client."""

import json
from ast import literal_eval
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import quote

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import is_json

from .samples import Samples, first_content, literal, schema_of

METHODS = frozenset({"get", "head", "options", "delete", "post", "put", "patch"})
"""For which a client has a function."""
WITH_BODY = METHODS - {"get", "head", "options", "delete"}
MOST_IN_LINE = 90
"""Characters of a call without further arguments."""
ALWAYS_SENT = frozenset({"accept-encoding", "connection", "user-agent"})
"""Header fields that a client has values for, which need not be the contract's."""
STYLES = {"path": "simple", "query": "form", "header": "simple"}
"""The default style of parameters, which a client writes as it stands, by place."""


class SampleRequests:
    """Writes a call for each operation whose request a client can send by its ordinary arguments.

    Args:
        schemes: the security schemes that the client has a credential for.
    """

    def __init__(self, contract: Contract, samples: Samples, schemes: AbstractSet[str]) -> None:
        self._contract = contract
        self._samples = samples
        self._schemes = schemes

    def call(self, operation: Operation) -> str | None:
        """Return the call, as the formatter leaves it; None where the operation takes more than that.

        That is what is no plain text in path, query and header, a body that is not JSON, or a credential that
        the client does not have.
        """
        alternatives = operation.security
        if alternatives and not any(alternative.keys() <= self._schemes for alternative in alternatives):
            return None
        try:
            return _written(operation.method, dict(self._arguments(operation)))
        except NotPlainError:
            return None

    def _arguments(self, operation: Operation) -> Iterator[tuple[str, Any]]:
        """Yield the URL, and what else the client takes."""
        values: dict[str, dict[str, Any]] = {place: {} for place in STYLES}
        for parameter in operation.parameters:
            is_sent = parameter["in"] == "header" and parameter["name"].lower() in ALWAYS_SENT
            if is_sent or parameter.get("required"):
                values.get(parameter["in"], {})[parameter["name"]] = self._plain(parameter)
        path = operation.path
        for name, value in values["path"].items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        route = self._contract.deployment.route(operation.method.upper(), path)
        if route.operation_id != operation.operation_id:
            raise NotPlainError
        yield "url", path
        if values["query"]:
            yield "params", values["query"]
        headers = {name: str(value) for name, value in values["header"].items()}
        if (body := operation.request_body) is not None and body.get("required"):
            media_type, schema = first_content(body)
            if not is_json(media_type):
                raise NotPlainError
            if (value := self._valid(schema)) is None:  # for the client that is no body
                raise NotPlainError
            yield "json", value
            if media_type != "application/json":
                headers["Content-Type"] = media_type
        if headers:
            yield "headers", headers

    def _plain(self, parameter: Mapping[str, Any]) -> str | int | float:
        """Return a value of a parameter that has one spelling only."""
        style = STYLES.get(parameter["in"])
        value = self._valid(schema_of(parameter))
        if (
            not isinstance(value, str | int | float)
            or isinstance(value, bool)
            or value == ""
            or "content" in parameter
            or parameter.get("style", style) != style
            or literal(parameter["name"], 0) != json.dumps(parameter["name"])
        ):
            raise NotPlainError
        return value

    def _valid(self, schema: Any) -> Any:
        """Return the sample of a schema, as it is written in Python."""
        value = self._samples.request(schema)
        if not self._samples.is_valid(schema, value):
            raise NotPlainError
        return literal_eval(literal(value, 0))


class NotPlainError(Exception):
    """A request takes more than the ordinary arguments of a client."""


def _written(method: str, arguments: dict[str, Any]) -> str:
    """Return a call in a test: in a line, or an argument a line."""
    url = json.dumps(arguments.pop("url"))
    function = f"client.{method}({url}"
    if method not in METHODS or ("json" in arguments and method not in WITH_BODY):
        function = f"client.request({json.dumps(method.upper())}, {url}"
    if not url.isascii() or "\\" in url or len(function) > MOST_IN_LINE:
        raise NotPlainError
    if not arguments:
        return f"{function})"
    head, _, positional = function.partition("(")
    lines = [
        *positional.split(", ", 1),
        *(f"{name}={literal(value, 8)}" for name, value in arguments.items()),
    ]
    return "\n".join([f"{head}(", *(f"        {line}," for line in lines), "    )"])
