"""The schema resources of a document, by whose ``$id`` references are resolved.

A schema with an ``$id`` is a resource of its own (JSON Schema 2020-12, section 8.2.1), all others belong to
the document. Anchors are names within a resource. The library ``referencing`` resolves the same references,
but does not say at which pointer of the document they end, which every report of ours has to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import document_location, walk

ONE_WAY = frozenset({"readOnly", "writeOnly"})
"""Mark properties that responses alone have, and requests alone."""


class ReferenceTarget(NamedTuple):
    """The target of a reference, and its JSON pointer in the document."""

    node: Any
    pointer: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A schema with an ``$id``.

    Attributes:
        pointer: JSON pointer of it in the document.
    """

    uri: str
    root: Mapping[str, Any]
    pointer: str

    @property
    def schema(self) -> dict[str, Any]:
        """The schema, under its absolute URI."""
        return {**self.root, "$id": self.uri}


class Resources:
    """All schemas of a document, by the resource that they belong to.

    Args:
        source: the file or URL it was read from: the URI that its own relative references start at.

    Attributes:
        have_discriminators: whether any of them has a ``discriminator``.
        have_patterns: whether any has ``patternProperties``.
        one_way: which of ``readOnly`` and ``writeOnly`` any of them has.
    """

    def __init__(self, document: Mapping[str, Any], source: str) -> None:
        root = document_location(dict(document), source)
        self.document = document
        self.uri = root.base
        self._resources: dict[str, Resource] = {}
        self._homes: dict[int, tuple[Resource, str]] = {}
        self._anchors: dict[tuple[str, str], ReferenceTarget] = {}
        self._targets: dict[str, ReferenceTarget | None] = {}
        self.have_discriminators = self.have_patterns = False
        self.one_way: frozenset[str] = frozenset()
        nearest: dict[str, Resource] = {}
        for location in walk(root):
            node = location.node
            if location.kind != "schema" or not isinstance(node, dict):
                continue
            self.have_discriminators |= "discriminator" in node
            self.have_patterns |= "patternProperties" in node
            self.one_way |= ONE_WAY & node.keys()
            for keyword in ("$anchor", "$dynamicAnchor"):
                if keyword in node:
                    self._anchors.setdefault(
                        (location.base, node[keyword]), ReferenceTarget(node, location.pointer)
                    )
            if location.base != self.uri:
                if "$id" in node:
                    nearest[location.base] = Resource(location.base, node, location.pointer)
                    self._resources.setdefault(location.base, nearest[location.base])
                resource = nearest[location.base]
                self._homes[id(node)] = resource, location.pointer.removeprefix(resource.pointer)

    @property
    def schemes(self) -> set[str]:
        """The schemes of the resources' URIs, and those that a library would fetch."""
        return {"http", "https", "file"} | {urlsplit(uri).scheme for uri in self._resources}

    def reference_to(self, schema: Any) -> tuple[str, dict[str, Any]] | None:
        """Return an absolute ``$ref`` to a schema, and the resource that the schema is in.

        None for a schema that belongs to the document itself.
        """
        if id(schema) not in self._homes:
            return None
        resource, pointer = self._homes[id(schema)]
        return f"{resource.uri}#{quote(pointer)}" if pointer else resource.uri, resource.schema

    def resource(self, uri: str) -> dict[str, Any]:
        """Return the resource with this URI; LookupError if the document has none."""
        if uri not in self._resources:
            raise LookupError(f"no schema of the contract has the $id {uri}")
        return self._resources[uri].schema

    def pointer_of(self, uri: str) -> str | None:
        """Return the JSON pointer, in the document, of a part of a resource; None if it is in no resource."""
        uri, fragment = urldefrag(uri)
        return self._resources[uri].pointer + unquote(fragment) if uri in self._resources else None

    def target(self, schema: Any, reference: str) -> ReferenceTarget | None:
        """Return the target of a ``$ref`` in ``schema``, None if that is not a part of the document."""
        home, _ = self._homes.get(id(schema), (None, ""))
        home_uri = self.uri if home is None else home.uri
        within = reference.startswith("#")
        try:
            uri, fragment = (home_uri, reference[1:]) if within else urldefrag(urljoin(home_uri, reference))
        except ValueError:  # it is no URI
            return None
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            return self._anchors.get((uri, fragment))
        if uri == self.uri:
            return self._at(fragment) if fragment else None
        resource = home if home is not None and uri == home.uri else self._resources.get(uri)
        return None if resource is None else self._at(resource.pointer + fragment)

    def _at(self, pointer: str) -> ReferenceTarget | None:
        if pointer not in self._targets:
            try:
                target = ReferenceTarget(pointers.lookup(self.document, pointer), pointer)
            except KeyError:
                target = None
            self._targets[pointer] = target
        return self._targets[pointer]
