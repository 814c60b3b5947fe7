"""The compiled contract: its operations, schemas, security schemes and servers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .deployment import Deployment
from .document import pointers
from .document.anatomy import METHODS
from .document.defects import Defect, summary
from .operation import Operation, Pointers
from .routing import Header, Route, Router, no_header
from .schemas.resources import Resources

if TYPE_CHECKING:
    from .document.fetching import References
    from .schemas.schema import Schemas

MOST_WARNINGS = 10
"""Actions of overlays that are named one by one."""
IGNORED_HEADER_PARAMETERS = {"accept", "content-type", "authorization"}


@dataclass(frozen=True, eq=False)
class Contract:
    """A valid OpenAPI 3.0, 3.1 or 3.2 document with the overlays applied.

    Attributes:
        document: the effective document, complete in itself: every ``$ref`` is to a place in it.
        source: the file or URL it was read from, for messages.
        lenient: whether what was wrong in the document was repaired.
        strict: whether, from OpenAPI 3.1 on, requests must have required ``readOnly`` members, and responses
            ``writeOnly`` ones, as JSON Schema has it.
        any_slash: whether a path is found with a slash at its end where the document has none, and without.
        defects: what was wrong in the document as it was read, where, and what was done about it.
        origins: pointers into the file by pointers into the document, where it was converted.
        disabled: why operations could not be understood, by their pointers; they respond with 501.
        unmatched: a sentence for each action of an overlay whose target matches nothing.
        references: what followed its references out of its folder or origin; None if none may lead there.
    """

    document: dict[str, Any]
    source: str
    overlays: tuple[Path, ...] = ()
    lenient: bool = False
    defects: tuple[Defect, ...] = ()
    disabled: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    references: References | None = None
    strict: bool = False
    any_slash: bool = False

    @property
    def overlay_warnings(self) -> Iterator[str]:
        """A sentence for each of the first overlay actions without effect, and one that counts the rest."""
        yield from self.unmatched[:MOST_WARNINGS]
        if more := len(self.unmatched[MOST_WARNINGS:]):
            yield f"{more} more actions of overlays match nothing."

    @property
    def warnings(self) -> Iterator[str]:
        """Sentences for the user: overlays without effect, Swagger 2.0, the number of defects."""
        yield from self.overlay_warnings
        if "/openapi" in self.origins:
            yield f"{self.source} is Swagger 2.0, read as OpenAPI {self.openapi}."
        if self.defects:
            listing = f"contract-first contract lint {self.source}"
            yield f"{self.source} has {summary(self.defects)}; list them by: {listing}"

    @property
    def openapi(self) -> str:
        """The version of OpenAPI that the document is written in."""
        version: str = self.document["openapi"]
        return version

    @property
    def version(self) -> str:
        """The version of the contract (``info.version``)."""
        version: str = self.document["info"]["version"]
        return version

    @property
    def paths(self) -> Mapping[str, Any]:
        """The Paths Object; empty for a 3.1 document with only webhooks or components."""
        paths: Mapping[str, Any] = self.document.get("paths", {})
        return paths

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document's canonical JSON (sorted keys, no spaces), in hexadecimal."""
        return digest(self.document)

    @cached_property
    def schemas(self) -> Schemas:
        """The schemas of the document."""
        from .schemas.schema import Schemas  # noqa: PLC0415 -- who only reads a contract compiles none

        return Schemas(Resources(self.document, self.source), origin=self.origin, strict=self.strict)

    def origin(self, pointer: str) -> str:
        """Return the pointer into the original file of a part of the document."""
        return pointers.mapped(pointer, self.origins) if self.origins else pointer

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations in the order of the document."""
        return tuple(self._operations())

    @cached_property
    def webhooks(self) -> tuple[Operation, ...]:
        """The requests that clients receive: webhooks, and callbacks of operations; paths are their names."""
        return tuple(self._webhooks())

    def operation(self, operation_id: str) -> Operation | None:
        """Return the operation of this operationId, None if there is none."""
        return self._by_id.get(operation_id)

    @cached_property
    def _by_id(self) -> Mapping[str, Operation]:
        return {operation.operation_id: operation for operation in self.operations}

    @cached_property
    def router(self) -> Router:
        """The router of the contract's own paths, without a base path."""
        return Router(self.operations, self._fits, any_slash=self.any_slash)

    def _fits(self, operation: Operation, parameters: Mapping[str, bytes]) -> bool:
        """Tell whether path parameters conform to their schemas, as text or parsed as JSON."""
        return all(
            any(map(self.schemas.in_media_type(parameter).conforms, _values(parameters[parameter["name"]])))
            for parameter in operation.parameters
            if parameter["in"] == "path" and parameter["name"] in parameters
        )

    def route(self, method: str, path: str, query: bytes = b"", header: Header = no_header) -> Route:
        """Return the operation of a request, below the base paths of the servers or without one.

        Args:
            method: upper case.
            path: percent-encoded as it was sent, bytes that are not ASCII as Latin-1.
            query: as it was sent; some documents tell operations apart by it, or by a header field.
            header: returns a header field's value (name in lower case), or None.
        """
        return self.deployment.route(method, path, query, header)

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment at the URLs of the servers."""
        return Deployment(self.router, self._servers())

    def deployed_at(self, base_url: str | None) -> Deployment:
        """Return the deployment at a base URL, by default that of the servers."""
        return Deployment(self.router, self._servers(), base_url) if base_url else self.deployment

    def _servers(self) -> Iterator[Mapping[str, Any]]:
        """Yield the Server Objects of the document, its paths and its operations."""
        yield from self.document.get("servers", ())
        for _, path_item, _ in self.path_items():
            yield from path_item.get("servers", ())
            for _, definition, _ in self.operations_in(path_item, ""):
                yield from definition.get("servers", ())

    @cached_property
    def _security(self) -> tuple[Mapping[str, Sequence[str]], ...]:
        """The security requirements of operations without their own, shared by all of them."""
        return tuple(self.document.get("security", ()))

    @cached_property
    def security_schemes(self) -> Mapping[str, Mapping[str, Any]]:
        """The Security Scheme Objects by name."""
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        return {name: self.resolve(scheme) for name, scheme in schemes.items()}

    def resolve(self, node: Any) -> Any:
        """Return the target of a Reference Object, or ``node`` if it is none; not for schemas."""
        return self.follow(node, "")[0]

    def example_named_by(self, value: Any) -> Any:
        """Return the Example Object to which a reference leads that stands as a value; None for any other."""
        reference = value.get("$ref") if isinstance(value, dict) and len(value) == 1 else None
        section, _, name = str(reference).rpartition("/")
        examples = self.document.get("components", {}).get("examples", {})
        return examples.get(name) if section == "#/components/examples" else None

    def follow(self, node: Any, pointer: str) -> tuple[Any, str]:
        """Follow Reference Objects from ``node`` at ``pointer``; return the last target and its pointer."""
        while isinstance(node, dict) and "$ref" in node:
            node, pointer = self._target(node["$ref"])
        return node, pointer

    @cached_property
    def _target(self) -> Callable[[str], tuple[Any, str]]:
        """Looks up the target of a reference and its pointer, once for each reference."""
        document = self.document  # not the contract, so that it goes with its last user

        @cache
        def target(reference: str) -> tuple[Any, str]:
            pointer = pointers.from_fragment(reference.removeprefix("#"))
            return pointers.lookup(document, pointer), pointer

        return target

    def _operations(self) -> Iterator[Operation]:
        names = self._free_names()
        for path, path_item, at in self.path_items():
            for method, definition, pointer in self.operations_in(path_item, at):
                name = definition.get("operationId") or names(method, path)
                yield self._operation(name, method, path, (path_item, at), (definition, pointer))

    def _webhooks(self) -> Iterator[Operation]:
        for name, item in self.document.get("webhooks", {}).items():
            yield from self._received(f"webhook {name}", item, pointers.join("/webhooks", name))
        for operation in self.operations:
            for name, node in operation.definition.get("callbacks", {}).items():
                callback, at = self.follow(node, pointers.join(operation.pointer, "callbacks", name))
                for expression, item in callback.items():
                    if isinstance(item, dict):
                        label = f"callback {name} {expression} of {operation.label}"
                        yield from self._received(label, item, pointers.join(at, expression))

    def _received(self, label: str, node: Any, at: str) -> Iterator[Operation]:
        item, place = self.follow(node, at)
        for method, definition, pointer in self.operations_in(item, place):
            yield self._operation(label, method, label, (item, place), (definition, pointer))

    def path_items(self) -> Iterator[tuple[str, Mapping[str, Any], str]]:
        """Yield each path with its Path Item Object and the JSON pointer of that."""
        for path, path_item in self.paths.items():
            if path.startswith("/"):
                yield path, *self.follow(path_item, pointers.join("/paths", path))

    def operations_in(
        self, path_item: Mapping[str, Any], pointer: str
    ) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the operations of a path item: method (as the document spells it), definition, pointer."""
        for method in METHODS:
            if method in path_item:
                yield method, path_item[method], pointers.join(pointer, method)
        for method, definition in path_item.get("additionalOperations", {}).items():
            yield method, definition, pointers.join(pointer, "additionalOperations", method)

    def _free_names(self) -> Callable[[str, str], str]:
        """Return a function that names operations without an operationId, each by a unique name."""
        definitions = (
            definition
            for _, item, at in self.path_items()
            for _, definition, _ in self.operations_in(item, at)
        )
        used = {definition.get("operationId") for definition in definitions}
        following: dict[str, count[int]] = {}

        def name(method: str, path: str) -> str:
            stem = re.sub(r"[^0-9A-Za-z]", "_", f"{method}{path}")
            numbers = following.setdefault(stem, count(2))
            numbered = (f"{stem}_{number}" for number in numbers)
            free = next(candidate for candidate in chain([stem], numbered) if candidate not in used)
            used.add(free)
            return free

        return name

    def _operation(
        self,
        operation_id: str,
        method: str,
        path: str,
        path_item: tuple[Mapping[str, Any], str],
        operation: tuple[Mapping[str, Any], str],
    ) -> Operation:
        definition, pointer = operation
        body, body_at = self.follow(definition.get("requestBody"), pointers.join(pointer, "requestBody"))
        at, accepts = Pointers(body_at), list[Mapping[str, Any]]()
        return Operation(
            operation_id=operation_id,
            method=method,
            path=path,
            pointer=pointer,
            parameters=self._parameters(path_item, operation, at=at, accepts=accepts),
            accepts=tuple(accepts),
            request_body=self._with_media_types(body),
            responses=self._responses(definition, pointer, at),
            security=tuple(definition["security"]) if "security" in definition else self._security,
            tags=tuple(definition.get("tags", ())),
            definition=definition,
            defect=self.disabled.get(pointer, ""),
            pointers=at,
        )

    def _parameters(
        self, *holders: tuple[Mapping[str, Any], str], at: Pointers, accepts: list[Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], ...]:
        """Return parameters, of the same location and name the last.

        Args:
            at: gets their pointers.
            accepts: gets those named ``Accept``.
        """
        merged = {}
        for holder, pointer in holders:
            for index, node in enumerate(holder.get("parameters", ())):
                parameter, place = self.follow(node, pointers.join(pointer, "parameters", index))
                key = parameter["in"], parameter["name"]
                if key[0] != "header" or key[1].lower() not in IGNORED_HEADER_PARAMETERS:
                    merged[key], at.parameters[key] = parameter, place
                elif key[1].lower() == "accept":
                    accepts.append(parameter)
        return tuple(merged.values())

    def _responses(
        self, definition: Mapping[str, Any], pointer: str, at: Pointers
    ) -> dict[str, Mapping[str, Any]]:
        """Return responses by status; ``at`` gets the pointers of them and of their headers."""
        responses = {}
        for status, node in definition.get("responses", {}).items():
            if not status.startswith("x-"):
                response, place = self.follow(node, pointers.join(pointer, "responses", status))
                at.responses[status], headers = place, {}
                for name, header in response.get("headers", {}).items():
                    header_at = pointers.join(place, "headers", name)
                    headers[name], at.headers[place, name] = self.follow(header, header_at)
                response = {**response, "headers": headers} if headers else response
                responses[status] = self._with_media_types(response)
        return responses

    def _with_media_types(self, holder: Any) -> Any:
        """Return a request body or response in which no media type is a reference (OpenAPI 3.2)."""
        content = holder.get("content", {}) if isinstance(holder, dict) else {}
        if not any("$ref" in media_type for media_type in content.values()):
            return holder
        return {**holder, "content": {name: self.resolve(media_type) for name, media_type in content.items()}}


def _values(raw: bytes) -> Iterator[Any]:
    """Yield the possible values of a path parameter: a number or a boolean, and the text."""
    text = unquote(raw.decode("latin-1"))
    with suppress(ValueError):
        yield json.loads(text)
    yield text


def is_named(operation_id: str, name: str) -> bool:
    """Tell whether an operation has this name: its operationId, or the end of it after a ``_``."""
    return operation_id == name or operation_id.endswith(f"_{name}")


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the document's canonical JSON (sorted keys, no spaces), in hexadecimal."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
