"""Embeds the parts of other files that a document refers to.

What another file holds becomes a component, and the ``$ref`` to it a reference to that component; so
recursion across files works, and a schema's ``$ref`` keeps its JSON Schema meaning, siblings included. Only a
path item is put in the place of its reference, for OpenAPI 3.0 has no component of that kind. The components
of Swagger 2.0 are the members of its sections (``definitions``, ``parameters``, ``responses``). References
within the document stay as they are, and so do those to embedded resources (schemas with an ``$id``) and to
JSON Schema itself.
"""

import re
from copy import deepcopy
from itertools import chain, count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import FIELDS, Location, document_location, walk
from contract_first.contract.document.errors import ContractError
from contract_first.contract.document.fetching import FOLLOWED
from contract_first.contract.document.parsing import COST, MAX_CHARACTERS, size_of
from contract_first.contract.document.sources import is_url, source_of, uri_of

from .extent import LONG, MAX_OBJECTS, too_large
from .reading import read_document

TOO_MUCH = (
    f"brings in more than {MAX_CHARACTERS} characters from other files, "
    f"{COST} more for each member and item, with what is shared counted as often as it is copied."
)
WELL_KNOWN = ("https://json-schema.org/draft/", "http://json-schema.org/draft-")


def embed(document: dict[str, Any], source: str) -> list[Location]:
    """Make a document complete in itself, in place.

    A file may refer to files in its folder and below; a document from a URL to what its origin serves. Where
    references are followed they may lead further; see `~contract_first.contract.document.fetching`.

    Returns:
        the objects of the document, itself the first.

    Raises:
        ContractError: a reference leads nowhere, or where it may not; points at it.
    """
    return Embedding(document_location(document, source)).run()


class Embedding:
    """The embedding of one document: the files read for it, and the components made of their parts.

    Attributes:
        origins: where components come from that other files held: URI and JSON pointer.
    """

    def __init__(self, root: Location) -> None:
        self.root = root
        self.holder = () if root.kind == "swagger" else ("components",)
        fields = FIELDS[(*self.holder, root.kind)[0]]
        self.sections = {kind.strip("{}"): section for section, kind in fields.items()}
        self.neighbours = "at its origin" if is_url(root.base) else "a file in its folder or below"
        self.documents: dict[str, Any] = {root.base: root.node}
        self._resources: set[str] = set()
        self._unnoted = [root]
        self.hoisted: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self.origins: dict[str, tuple[str, str]] = {}
        self.components: dict[str, dict[str, Any]] = {}
        self.pending: list[Location] = []
        self._left = MAX_CHARACTERS

    def run(self) -> list[Location]:
        """Bring in all that the document refers to, and all that this refers to; return its objects."""
        locations: list[Location] = []
        size = 0
        self.pending.append(self.root)
        while self.pending:
            for location in walk(self.pending.pop()):
                self.visit(location)
                if len(self.documents) == 1:
                    locations.append(location)
                size += 1 + len(location.pointer) // LONG
                if size > MAX_OBJECTS:
                    raise too_large(self.root)
                if self._left < 0:
                    raise self.root.error(TOO_MUCH)
        for section, members in self.components.items():
            holder = self.root.node
            for key in (*self.holder, section):
                holder = holder.setdefault(key, {})
            holder.update(members)
        return list(walk(self.root)) if len(self.documents) > 1 else locations

    def origin(self, pointer: str) -> tuple[str, str]:
        """Return the source of a part of the complete document, and the pointer of the part there."""
        component = "/".join(pointer.split("/")[: len(self.holder) + 3])
        if component not in self.origins:
            return self.root.source, pointer
        resource, pointer_there = self.origins[component]
        return source_of(resource), pointer_there + pointer.removeprefix(component)

    def visit(self, location: Location) -> None:
        """Bring in the target of an object's reference, before the objects below it are visited."""
        if location.reference is not None and location.kind in self.sections:
            self.follow(location, location.reference)

    @property
    def resources(self) -> set[str]:
        """The URIs of embedded resources, which any reference may name; few documents need them."""
        while self._unnoted:
            location = self._unnoted.pop()
            self._resources.update(below.base for below in walk(location) if below.base != location.base)
        return self._resources

    def follow(self, location: Location, reference: str) -> None:
        """Make the target of a reference a part of the document."""
        resource, fragment = location.target(reference)
        if self._is_own(location, reference):
            location.node["$ref"] = f"#{fragment}"
            return
        if resource == self.root.base:
            location.node["$ref"] = reference if reference.startswith("#") else f"#{fragment}"
        elif resource in self.resources or resource.startswith(WELL_KNOWN):
            return
        elif location.kind == "pathItem":
            self._put_in_place(location)
        else:
            location.node["$ref"] = self._hoist(location, resource, self.keys(location, fragment))

    def keys(self, location: Location, fragment: str) -> tuple[str, ...]:
        """Return the keys of the JSON pointer that a fragment is."""
        pointer = pointers.from_fragment(fragment)
        if pointer and not pointer.startswith("/"):
            raise location.error(
                f"$ref {location.reference} names an anchor of another file; expected a JSON pointer."
            )
        return tuple(pointers.split(pointer))

    def _put_in_place(self, location: Location) -> None:
        """Replace a reference to a path item by the path item, until that is no reference."""
        seen = set()
        while (reference := location.reference) and (target := location.target(reference))[
            0
        ] != self.root.base:
            if target in seen or len(location.node) > 1:
                raise location.error(
                    f"$ref {reference} to a path item must stand alone and must not be circular."
                )
            seen.add(target)
            path_item = self.part(location, target[0], self.keys(location, target[1]))
            if not isinstance(path_item, dict):
                raise location.error(f"$ref {reference} does not lead to a path item.")
            location.node.clear()
            location.node.update(deepcopy(self.counted(path_item)))
            location.base, location.pointer, location.source = (
                target[0],
                pointers.from_fragment(target[1]),
                source_of(target[0]),
            )
        self._unnoted.append(location)

    def _hoist(self, location: Location, resource: str, keys: tuple[str, ...]) -> str:
        """Make a part of another file a component, and return the ``$ref`` to it.

        A part of an embedded resource stays in it: the ``$id`` is what references in it are relative to.
        """
        identifier, depth = self._enclosing_resource(location, resource, keys)
        if identifier is None:
            return "#" + self._component(location, resource, keys)
        self._component(location, resource, keys[:depth])
        return identifier + "#" + quote(pointers.join("", *keys[depth:]), safe="/~!$&'()*+,;=:@")

    def _enclosing_resource(
        self, location: Location, resource: str, keys: tuple[str, ...]
    ) -> tuple[str | None, int]:
        """Return the resolved ``$id`` of the innermost schema around a part, and the number of keys to it."""
        innermost: tuple[str | None, int] = (None, 0)
        outer = Location(location.kind, None, "", resource, location.source)
        for depth in range(len(keys)):
            outer.node = self.part(location, resource, keys[:depth])
            enclosing = next(walk(outer, schemas=False)).base
            if enclosing != outer.base:
                outer.base, innermost = enclosing, (enclosing, depth)
        return innermost

    def _component(self, location: Location, resource: str, keys: tuple[str, ...]) -> str:
        """Return the pointer of the component for a part of another file; make it if there is none yet."""
        part = (location.kind, resource, keys)
        if part not in self.hoisted:
            section = self.sections[location.kind]
            name = self._free_name(section, keys[-1] if keys else Path(urlsplit(resource).path).stem)
            component = deepcopy(self.counted(self.part(location, resource, keys)))
            self.components.setdefault(section, {})[name] = component
            self.hoisted[part] = pointers.join("", *self.holder, section, name)
            self.origins[self.hoisted[part]] = resource, pointers.join("", *keys)
            hoisted = Location(
                location.kind, component, pointers.join("", *keys), resource, source_of(resource)
            )
            self._unnoted.append(hoisted)
            self.pending.append(hoisted)
        return self.hoisted[part]

    def _free_name(self, section: str, preferred: str) -> str:
        """Return a component name like ``preferred`` that is not taken in the document."""
        stem = re.sub(r"[^A-Za-z0-9._-]", "_", preferred) or "_"
        holder = self.root.node.get("components", {}) if self.holder else self.root.node
        in_use = holder.get(section, {}), self.components.get(section, {})
        names = chain([stem], (f"{stem}_{n}" for n in count(2)))
        return next(name for name in names if not any(name in members for members in in_use))

    def _is_own(self, location: Location, reference: str) -> bool:
        """Tell whether a reference is to the document itself, by its ``$self`` (OpenAPI 3.2, 4.1.1)."""
        identifier = self.root.node.get("$self")
        if not isinstance(identifier, str) or location.base != self.root.base:
            return False
        identifier = urldefrag(urljoin(self.root.base, identifier))[0]
        return urldefrag(urljoin(identifier, reference))[0] == identifier

    def part(self, location: Location, resource: str, keys: tuple[str, ...]) -> Any:
        """Return the target, in a file, of the reference at a location."""
        document = self._read(location, resource)
        try:
            return pointers.descend(document, keys)
        except KeyError:
            pointer = pointers.join("", *keys)
            raise location.error(
                f"$ref {location.reference} leads nowhere: {resource} has no {pointer}."
            ) from None

    def counted(self, node: Any) -> Any:
        """Count and return a part to embed; ContractError if the total is too large."""
        self._left -= size_of(node)
        if self._left < 0:
            raise self.root.error(TOO_MUCH)
        return node

    def read(self, source: str) -> Any:
        """Return the document in a file or at a URL."""
        return read_document(source)

    def _read(self, location: Location, resource: str) -> Any:
        if resource not in self.documents:
            self._require_allowed(location, resource)
            try:
                self.documents[resource] = self.counted(self.read(source_of(resource)))
            except ContractError as error:
                self.documents[resource] = error
        document = self.documents[resource]
        if isinstance(document, ContractError):
            raise location.error(f"$ref {location.reference} cannot be followed: {document}")
        return document

    def is_near(self, location: Location, resource: str) -> bool:
        """Tell whether a resource is a file in the document's folder or below, or at the same origin.

        What another origin holds is near to nothing: its author might not get to the document's.
        """
        root, parts = urlsplit(self.root.base), urlsplit(resource)
        allowed = parts[:2] == root[:2] == urlsplit(uri_of(location.source))[:2]
        if allowed and not is_url(resource):
            try:
                path = Path(source_of(resource)).resolve()
            except (OSError, RuntimeError, ValueError):  # a circle of links, or a null byte
                raise location.error(f"$ref {location.reference} does not name a file.") from None
            allowed = path.is_relative_to(Path(source_of(self.root.base)).parent)
        return allowed

    def _require_allowed(self, location: Location, resource: str) -> None:
        """Refuse what is neither near, nor where references may lead."""
        references = FOLLOWED.get()
        is_followed = references is not None and references.may_lead(
            location.source, resource, str(location.reference)
        )
        if not self.is_near(location, resource) and not is_followed:
            raise location.error(
                f"$ref {location.reference} leads to {resource}, which is neither in the document "
                f"nor {self.neighbours}."
            )
