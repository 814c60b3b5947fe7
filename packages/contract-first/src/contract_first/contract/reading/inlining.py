"""Embeds files that a document refers to where OpenAPI allows no reference.

Documents of many files have references where none may be: an operation, a description, a tag. What such a
reference leads to is put in its place, as a bundler would. What leads nowhere stays as it is.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import CONTENTS, Content, Location, document_location
from contract_first.contract.document.defects import Defect
from contract_first.contract.document.errors import ContractError
from contract_first.contract.document.fetching import FOLLOWED
from contract_first.contract.document.parsing import CONTAINERS
from contract_first.contract.document.references import name_in
from contract_first.contract.document.sources import is_url

from .embedding import Embedding
from .reading import read_document, read_text

VALUES = {"example", "value", "default", "enum", "const", "examples"}
"""Members that hold any JSON: a ``$ref`` in one need not be a reference."""
PROSE = {".md", ".txt", ".html"}


def place_path_items(document: dict[str, Any], source: str) -> None:
    """Put path items of other files in the place of their references, so that overlays reach operations.

    A reference that leads nowhere stays.
    """
    embedding = LenientEmbedding(document, source, [])
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        location = Location("pathItem", item, pointers.join("/paths", path), embedding.root.base, source)
        if location.reference is not None and len(item) == 1 and not location.reference.startswith("#"):
            embedding.inline(location, item, location.pointer, is_value=True)


class LenientEmbedding(Embedding):
    """Follows references everywhere, and notes why it cannot follow some.

    Args:
        document: the document; changed in place.
        source: the file or URL that it comes from.
        defects: gets each reference that was replaced.

    Attributes:
        unresolved: why references could not be followed, by the ``$ref`` that replaces them.
    """

    def __init__(self, document: dict[str, Any], source: str, defects: list[Defect]) -> None:
        super().__init__(document_location(document, source))
        self.unresolved: dict[str, str] = {}
        self._defects = defects
        is_32 = str(document.get("openapi")).startswith("3.2")
        self._referenceable = self.sections.keys() - (set() if is_32 else {"mediaType"})

    def visit(self, location: Location) -> None:
        """Replace references by their targets, or bring these in as components."""
        if not isinstance(location.node, dict):
            return
        if "$ref" in location.node and location.reference is not None:
            self._visit_reference(location)
        fields = CONTENTS.get(location.kind, {})
        if location.kind != "schema" or not fields.keys().isdisjoint(location.node):
            self._inline_members(location, location.node, location.pointer, fields)

    def _visit_reference(self, location: Location) -> None:
        may_refer = location.kind in self._referenceable and not (
            location.kind == "pathItem" and len(location.node) > 1
        )
        if location.pointer and not may_refer:
            self.inline(location, location.node, location.pointer)
        try:
            super().visit(location)
        except ContractError as error:
            left = f"#/unresolved/{len(self.unresolved)}/{self._name_of(location)}"
            self.unresolved[left] = error.reason
            location.node["$ref"] = left

    def _name_of(self, location: Location) -> str:
        """Return the name in a reference, which a component may have as well; empty if it leads elsewhere."""
        with suppress(ContractError, ValueError):
            resource, _ = location.target(str(location.reference))
            return name_in(location.reference) if self.is_near(location, resource) else ""
        return ""

    def _inline_members(
        self,
        location: Location,
        node: dict[str, Any] | list[Any],
        pointer: str,
        fields: Mapping[str, Content],
    ) -> None:
        """Inline the references among members of an object that are not OpenAPI objects themselves."""
        is_schema = location.kind == "schema"
        for key, member in _parts(node):
            if str(key).startswith("x-"):
                continue
            content = fields.get(str(key)) or fields.get("*")
            if content is not None and content[1] and content[0] in self._referenceable:
                continue  # a reference may be there
            if is_schema and (content is None or not isinstance(member, dict)):
                continue
            if isinstance(member, dict) and isinstance(member.get("$ref"), str):
                at = pointers.join(pointer, key)
                self.inline(location, member, at, (node, key), is_value=key in VALUES)
            elif content is None and key not in VALUES:
                self._inline_members(location, member, pointers.join(pointer, key), {})

    def inline(
        self,
        location: Location,
        node: dict[str, Any],
        pointer: str,
        holder: tuple[Any, Any] | None = None,
        *,
        is_value: bool = False,
    ) -> None:
        """Replace a reference by its target, until that is no reference."""
        base, value = location.base, node
        try:
            seen = set[str]()
            while isinstance(value, dict) and isinstance(value.get("$ref"), str):
                uri = urljoin(base, value["$ref"])
                if uri in seen:
                    return
                seen.add(uri)
                if base != location.base and not _may_lead(base, uri):
                    return
                base, fragment = urldefrag(uri)
                part = self.part(location, base, self.keys(location, fragment))
                siblings = {name: sibling for name, sibling in value.items() if name != "$ref"}
                value = self._rebased(self.counted(part), base)
                if siblings and isinstance(value, dict):
                    value |= siblings
        except (ContractError, ValueError):
            return
        if not is_value:
            reason = f"$ref {node['$ref']} stands where none may be; what it leads to is in its place."
            self._defects.append(Defect(location.source, 0, pointer, reason, "repaired"))
        if holder is not None:
            container, key = holder
            container[key] = value
        elif isinstance(value, dict):
            node.clear()
            node.update(value)

    def read(self, source: str) -> Any:
        """Return the document in a file, or the text of a file of prose."""
        if not is_url(source) and Path(source).suffix.lower() in PROSE:
            return read_text(source)
        return read_document(source, self._defects)

    def _rebased(self, node: Any, base: str) -> Any:
        """Return a copy of a part of a file, with its references relative to the document."""
        if isinstance(node, list):
            return [self._rebased(item, base) for item in node]
        if not isinstance(node, dict):
            return node
        copy = {name: self._rebased(member, base) for name, member in node.items()}
        if base != self.root.base and isinstance(node.get("$ref"), str):
            copy["$ref"] = target = urljoin(base, node["$ref"])
            if not _may_lead(base, target):
                copy["$ref"] = left = f"#/unresolved/{len(self.unresolved)}/"
                self.unresolved[left] = f"$ref {node['$ref']} of {base} may not lead to {target}."
        return copy


def _may_lead(base: str, target: str) -> bool:
    """Tell whether what a URL held may refer to a resource; files may as the document that names them."""
    references = FOLLOWED.get()
    return references is None or not is_url(base) or references.may_lead(base, target)


def _parts(node: dict[str, Any] | list[Any]) -> list[tuple[Any, Any]]:
    """Return the objects and arrays that are members of an object, or items of an array, by their keys."""
    members = node.items() if isinstance(node, dict) else enumerate(node)
    return [(key, member) for key, member in members if isinstance(member, CONTAINERS)]
