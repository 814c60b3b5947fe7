"""The schema resources of a document: what a ``$ref`` leads to depends on the ``$id`` around it.

A schema with an ``$id`` is a resource of its own (JSON Schema 2020-12, section 8.2.1), all others belong to
the document. Anchors are names within a resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from openapi_contract import pointers
from openapi_contract.anatomy import document_place, walk

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Home:
    """The place of a schema in the resource that it belongs to.

    Attributes:
        uri: the resource's URI, from its ``$id``.
        root: the resource itself.
        pointer: JSON pointer of the schema in it.
    """

    uri: str
    root: Mapping[str, Any]
    pointer: str

    @property
    def reference(self) -> str:
        """A ``$ref`` to the schema that holds anywhere."""
        return f"{self.uri}#{quote(self.pointer)}" if self.pointer else self.uri

    @property
    def resource(self) -> dict[str, Any]:
        """The resource, under its absolute URI."""
        return {**self.root, "$id": self.uri}


class Resources:
    """All schemas of a document, by where they belong.

    Args:
        document: the OpenAPI document.
        source: the file or URL it was read from: the URI that its own relative references start at.
    """

    def __init__(self, document: Mapping[str, Any], source: str) -> None:
        place = document_place(dict(document), source)
        self.document = document
        self.uri = place.base
        self._homes: dict[int, Home] = {}
        self._roots: dict[str, Home] = {}
        self._anchors: dict[tuple[str, str], Any] = {}
        roots: dict[str, tuple[Mapping[str, Any], str]] = {}
        for each in walk(place):
            if each.kind == "schema" and isinstance(each.node, dict):
                if each.base != self.uri and "$id" in each.node:
                    roots[each.base] = each.node, each.pointer
                self._note(each.node, each.base, each.pointer, roots.get(each.base))

    def _note(
        self, schema: Mapping[str, Any], uri: str, pointer: str, root: tuple[Mapping[str, Any], str] | None
    ) -> None:
        for keyword in ("$anchor", "$dynamicAnchor"):
            if keyword in schema:
                self._anchors.setdefault((uri, schema[keyword]), schema)
        if root is not None:
            home = self._homes[id(schema)] = Home(uri, root[0], pointer.removeprefix(root[1]))
            self._roots.setdefault(uri, home)

    @property
    def schemes(self) -> set[str]:
        """The schemes of the resources' URIs, and those that someone could think of fetching."""
        return {"http", "https", "file"} | {urlsplit(uri).scheme for uri in self._roots}

    def home_of(self, schema: Any) -> Home | None:
        """Return where a schema of the document belongs, None if that is the document itself."""
        return self._homes.get(id(schema))

    def resource(self, uri: str) -> dict[str, Any]:
        """Return the resource with this URI; LookupError if the document has none."""
        if uri not in self._roots:
            raise LookupError(f"no schema of the contract has the $id {uri}")
        return self._roots[uri].resource

    def target(self, schema: Any, reference: str) -> Any:
        """Return the schema of the document that a ``$ref`` in ``schema`` leads to, None if to none of it."""
        home = self.home_of(schema)
        own_uri = self.uri if home is None else home.uri
        uri, fragment = urldefrag(reference if reference.startswith("#") else urljoin(own_uri, reference))
        uri = uri or own_uri
        if fragment and not fragment.startswith("/"):
            return self._anchors.get((uri, fragment))
        if uri == self.uri:
            return self._at(self.document, fragment) if fragment else None
        home = home if home is not None and uri == home.uri else self._roots.get(uri)
        return None if home is None else self._at(home.root, fragment)

    @staticmethod
    def _at(root: Mapping[str, Any], fragment: str) -> Any:
        try:
            return pointers.lookup(root, unquote(fragment))
        except KeyError:
            return None
