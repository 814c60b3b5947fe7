"""The schemas of a contract: each fact is worked out when it is first needed, once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from copy import deepcopy
from functools import cached_property, partial
from itertools import chain
from threading import Lock
from typing import Any, Final

import msgspec

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES, REFERENCES
from contract_first.contract.document.json_types import EVERY_TYPE, declared_types
from contract_first.contract.document.patterns import matches
from contract_first.contract.msgspec_types import MsgspecTypes

from .bundling import Bundler, to_2020_12
from .depths import MinimumDepths
from .heirs import Heirs
from .keywords import DIALECT, DIALECTS, options_of, reads_alike, validator_of
from .resources import ReferenceTarget, Resources
from .validator import Validator
from .violations import Violation

MISSING: Any = type("Missing", (), {"__repr__": lambda _: "MISSING"})()
DEEPEST = 20
HAVING_PROPERTIES = frozenset({"properties", "allOf", *REFERENCES})
ANYTHING: Final = True
"""The schema that allows anything, used where there is none."""


class Schema:
    """A schema of a contract, for one direction of its messages.

    Attributes:
        node: the schema as it stands in the document; True where there is none.
    """

    def __init__(self, node: Any, schemas: Schemas) -> None:
        self.node = node
        self._schemas = schemas

    def of(self, node: Any) -> Schema:
        """Return another schema of the document, in the same direction."""
        return self._schemas.of(node)

    @cached_property
    def validator(self) -> Validator:
        """The validator of values.

        Raises:
            LookupError, ValueError: the schema cannot be compiled.
        """
        return self._schemas.compiled(self.node)

    @cached_property
    def python_validator(self) -> Validator:
        """The validator that reads all keywords as openapi-core does, if it can; raises the same."""
        return self._schemas.compiled(self.node, as_python=True)

    @cached_property
    def surely_accepts(self) -> Callable[[Any], bool]:
        """Accepts only JSON values that openapi-core accepts, and not all of them."""
        return self.python_validator.is_valid if self._schemas.reads_alike(self.node) else lambda _: False

    @cached_property
    def reader(self) -> Callable[[bytes], Any] | None:
        """Raises ValueError for JSON which openapi-core may refuse; None if msgspec has no type for it."""
        return self._schemas.reader(self.node)

    def violations(self, value: Any, location: str, name: str, pointer: str) -> Iterator[Violation]:
        """Yield the violations of a JSON value, with the pointers of the keywords in the document.

        Args:
            pointer: JSON pointer of the schema in the document.
        """
        _, root = self._schemas.meant(self.node, pointer)
        return self.validator.violations(value, location, name, root)

    def names(self, path: list[str | int]) -> Collection[str]:
        """Return the names of the properties of the object at a path in a value."""
        schema = self
        for step in path:
            schema = schema.items if isinstance(step, int) else schema.properties.get(step, schema.others)
        return schema.properties

    def along(self, pointer: str, path: Iterable[str | int]) -> str:
        """Return the pointer, in the author's file, of the path of keywords, names and indices from here."""
        node = self.node
        for step in path:
            seen = set[int]()
            while isinstance(node, dict) and step not in node and id(node) not in seen:
                seen.add(id(node))
                node, pointer = next(iter(self._schemas.targets(node)), (node, pointer))
            try:
                node = node[step]
            except (LookupError, TypeError):
                break
            pointer = pointers.join(pointer, step)
        return self.origin(pointer)

    def origin(self, pointer: str) -> str:
        """Return the JSON pointer, in the author's file, of a part of the document."""
        return self._schemas.origin(pointer)

    @cached_property
    def conforms(self) -> Callable[[Any], bool]:
        """Tells whether a JSON value conforms; if the schema cannot be compiled, any value does."""
        try:
            return self.python_validator.is_valid
        except (LookupError, ValueError):
            return lambda _: True

    def takes(self, value: Any, example: Any) -> bool:
        """Tell whether a value conforms, but for formats if an example violates one as well."""
        return self.conforms(value) or (not self.conforms(example) and self.validator.is_valid(value))

    @cached_property
    def allows_null(self) -> bool:
        """Whether null conforms."""
        return self.conforms(None)

    @cached_property
    def parts(self) -> list[dict[str, Any]]:
        """The schema objects that all apply to a value: it, what it refers to and its ``allOf``."""
        return self._schemas.parts(self.node)

    @cached_property
    def whole(self) -> Schema:
        """The target of a bare reference, else the schema itself; properties and items are the same."""
        bare = {(keyword,) for keyword in REFERENCES}
        node = next((part for part in self.parts if tuple(part) not in bare), self.node)
        return self if node is self.node else self.of(node)

    @cached_property
    def branches(self) -> list[dict[str, Any]]:
        """The schema objects of which any may apply to a value: its parts, their alternatives, its heirs."""
        parts: dict[int, dict[str, Any]] = {}
        pending = [self.node]
        while pending:
            node = pending.pop(0)
            fresh = [part for part in self._schemas.parts(node) if id(part) not in parts]
            parts.update((id(part), part) for part in fresh)
            branches = [branch for part in fresh for key in ALTERNATIVES for branch in part.get(key, ())]
            pending[:0] = [*branches, *self._schemas.heirs.of(node)]
        return list(parts.values())

    @cached_property
    def has_defaults(self) -> bool:
        """Whether a property in it, however deep, has a default; alternatives declare none."""
        return self._has_inside(
            lambda schema: [*schema.properties.values(), schema.items],
            lambda inner: inner.default is not MISSING,
        )

    @cached_property
    def has_write_only(self) -> bool:
        """Whether a member in it, however deep, is ``writeOnly``."""
        return self._has_inside(lambda schema: schema.inside, lambda inner: inner.is_marked("writeOnly"))

    def _has_inside(self, inside: Callable[[Schema], list[Schema]], test: Callable[[Schema], bool]) -> bool:
        seen, pending = set[Schema](), [self]
        while pending:
            schema = pending.pop().whole
            if schema not in seen:
                seen.add(schema)
                inner = inside(schema)
                if any(map(test, inner)):
                    return True
                pending += inner
        return False

    def fill_defaults(self, value: Any) -> None:
        """Set the defaults of properties that a JSON value leaves out, in place."""
        if not self.has_defaults:
            return
        if isinstance(value, dict):
            for name, schema in self.properties.items():
                if name in value:
                    schema.fill_defaults(value[name])
                elif schema.default is not MISSING:
                    value[name] = deepcopy(schema.default)
        elif isinstance(value, list):
            for item in value:
                self.items.fill_defaults(item)

    def applying(self, value: Any) -> Iterator[dict[str, Any]]:
        """Yield the schema objects that apply to a value: of alternatives, the first that it conforms to."""
        for part in self.parts:
            yield part
            for keyword in reversed(ALTERNATIVES):
                yield from self._applying_first(part.get(keyword, ()), value)
        yield from self._applying_first(self._schemas.heirs.of(self.node), value)

    def _applying_first(self, alternatives: Iterable[Any], value: Any) -> Iterator[dict[str, Any]]:
        chosen = next((schema for schema in map(self.of, alternatives) if schema.conforms(value)), None)
        return iter(()) if chosen is None else chosen.applying(value)

    def properties_of(self, value: Any) -> dict[str, Schema]:
        """Return the schemas of the named properties, and of those of the alternatives that a value is of."""
        applying = (part.get("properties", {}) for part in self.applying(value))
        return {name: self.of(node) for named in applying for name, node in named.items()}

    def members_of(self, value: Any) -> dict[str, Schema]:
        """Return the schemas of all members, as they are in the alternatives that a value is of."""
        is_plain = not self.alternatives
        return self.members if is_plain else self.members | self.properties_of(value)

    @property
    def is_listed(self) -> bool:
        """Whether the schema lists its values."""
        return bool(self.values)

    @cached_property
    def values(self) -> list[Any]:
        """The values that the schema lists, of each part; empty where it lists none."""
        listed = (
            (*part.get("enum", ()), *([part["const"]] if "const" in part else ())) for part in self.parts
        )
        return [value for values in listed for value in values]

    @cached_property
    def alternatives(self) -> list[Schema]:
        """The branches of each ``oneOf`` and ``anyOf``, and the heirs."""
        nodes = (node for part in self.parts for key in ALTERNATIVES for node in part.get(key, ()))
        return [self.of(node) for node in (*nodes, *self._schemas.heirs.of(self.node))]

    @property
    def exclusive(self) -> Iterator[list[Schema]]:
        """The branches of each ``oneOf``."""
        return ([self.of(branch) for branch in part["oneOf"]] for part in self.parts if "oneOf" in part)

    @property
    def minimum_depth(self) -> float:
        """How deep the smallest value is; infinite if there is none."""
        return self._schemas.depths.of(self.node)

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that a value can have; all seven where the schema does not say."""
        return self._types(0)

    def _types(self, depth: int) -> frozenset[str]:
        node = self.node
        if not isinstance(node, dict) or depth > DEEPEST:
            return EVERY_TYPE
        types = declared_types(node)
        for part in (*node.get("allOf", ()), *self._schemas.targets_of(node)):
            types &= self.of(part)._types(depth + 1)  # noqa: SLF001 -- its own kind
        for keyword in ALTERNATIVES:
            if keyword in node:
                members = map(self.of, node[keyword])
                types &= frozenset().union(*(schema._types(depth + 1) for schema in members))  # noqa: SLF001 -- the same
        return types

    @cached_property
    def default(self) -> Any:
        """The default: its own, else that of a schema it refers to; MISSING for none."""
        return next((part["default"] for part in self.parts if "default" in part), MISSING)

    @cached_property
    def properties(self) -> dict[str, Schema]:
        if self.whole is not self:
            return self.whole.properties
        named: dict[str, Any] = {}
        for part in reversed(self.parts):
            named.update(part.get("properties", {}))
        return {name: self.of(node) for name, node in named.items()}

    @cached_property
    def members(self) -> dict[str, Schema]:
        """The schemas of the named properties, those of alternatives as well."""
        named: dict[str, Any] = {}
        for name, node in (member for part in self.branches for member in part.get("properties", {}).items()):
            named.setdefault(name, node)
        return {name: self.of(node) for name, node in named.items()}

    @cached_property
    def inside(self) -> list[Schema]:
        """The schemas of members and items, by every keyword and in every branch."""
        nodes = [
            node
            for part in self.branches
            for key in ("properties", "patternProperties")
            for node in part.get(key, {}).values()
        ]
        nodes += [node for part in self.branches for node in part.get("prefixItems", ())]
        nodes += [
            part[key] for part in self.branches for key in ("additionalProperties", "items") if key in part
        ]
        return [self.of(node) for node in nodes]

    def member(self, name: str) -> Schema:
        """Return the schema of a member: of its property, else of a pattern of names, else of others."""
        if name in self.members:
            return self.members[name]
        patterns = (item for part in self.branches for item in part.get("patternProperties", {}).items())
        others = (part.get("additionalProperties") for part in self.branches)
        nodes = chain((node for pattern, node in patterns if matches(pattern, name)), others)
        return self.of(next((node for node in nodes if isinstance(node, dict)), self.others.node))

    def item(self, index: int) -> Schema:
        """Return the schema of the item at an index."""
        places = (
            (*part.get("prefixItems", ())[index : index + 1], part.get("items")) for part in self.branches
        )
        nodes = chain.from_iterable(places)
        return self.of(next((node for node in nodes if isinstance(node, dict)), self.items.node))

    def required_of(self, value: Any) -> frozenset[str]:
        """Return the names of the members that an object must have, in this direction."""
        marked = partial(self._schemas.marked, marks=self._schemas.direction)
        names = (frozenset(part.get("required", ())) - marked(part) for part in self.applying(value))
        return frozenset().union(*names) - marked(self.node)

    @cached_property
    def is_open(self) -> bool:
        """Whether an object may have members of any name: it names none, or describes or requires others."""
        others = (part.get("additionalProperties", False) for part in self.parts)
        required = {name for part in self.parts for name in part.get("required", ())} - self.members.keys()
        return bool(not self.members or required or any(schema is not False for schema in others))

    @cached_property
    def items(self) -> Schema:
        return self.of(next((part["items"] for part in self.parts if "items" in part), ANYTHING))

    @cached_property
    def others(self) -> Schema:
        """The schema of an object's members that no property names."""
        declared = (part["additionalProperties"] for part in self.parts if "additionalProperties" in part)
        return self.of(next(declared, ANYTHING))

    @property
    def component(self) -> str:
        """The name of the component that it refers to, empty if to none."""
        for _, pointer in self._schemas.targets(self.node):
            match pointers.split(pointer):
                case ["components", "schemas", name]:
                    return name
        return ""

    @cached_property
    def components(self) -> frozenset[str]:
        """The names of the components that it refers to, of its alternatives and of its ``allOf``."""
        parts = (self.of(node) for part in self.parts for node in part.get("allOf", ()))
        inner = (
            self.of(node) for part in self.branches for key in ALTERNATIVES for node in part.get(key, ())
        )
        return frozenset(schema.component for schema in (self, *parts, *inner)) - {""}

    def is_marked(self, mark: str) -> bool:
        """Tell whether the schema says ``readOnly: true``, ``writeOnly: true`` or another mark."""
        return any(part.get(mark) is True for part in self.parts)


class Schemas:
    """The schemas of a contract, for one direction of its messages.

    Args:
        resources: where the document's schemas belong; its ``openapi`` version decides the dialect.
        direction: properties that say ``readOnly``, or ``writeOnly``, or any of both, are not required.
        formats: hold values to ``format``, which JSON Schema takes for an annotation.
        origin: returns the pointer, in the author's file, of a pointer into the document.
        views: the same schemas for other directions, and with formats.
        strict: from OpenAPI 3.1 on, require them in both directions, as JSON Schema does.

    Attributes:
        one_way: the marks in the document whose properties are required in one direction alone.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        direction: frozenset[str] = frozenset(),
        formats: bool = False,
        origin: Callable[[str], str] = str,
        views: dict[tuple[frozenset[str], bool], Schemas] | None = None,
        strict: bool = False,
    ) -> None:
        document = resources.document
        self.resources = resources
        self.direction = direction
        self.formats = formats
        self.origin = origin
        self.is_30 = str(document.get("openapi", "")).startswith("3.0")
        self.strict = strict
        self.one_way = frozenset[str]() if strict and not self.is_30 else resources.one_way
        # 3.1 and later do not forbid what is write-only in responses
        self._refused = direction & {"writeOnly"} if self.is_30 else frozenset[str]()
        dialect = document.get("jsonSchemaDialect")
        self.has_dialect = dialect is None or dialect in DIALECTS
        self._views = {} if views is None else views
        self._views[direction, formats] = self
        self._schemas: dict[int, Schema] = {}
        self._sequences: dict[int, dict[str, Any]] = {}
        self._compiled: dict[tuple[int | bytes, bool], Validator] = {}
        self._compiling = Lock()
        self._types = MsgspecTypes(partial(validator_of, refused=self._refused), self._refused)
        self.heirs = Heirs(resources, self.parts, lambda node, value: self.of(node).conforms(value))
        self.depths = MinimumDepths(self.keywords, self.targets_of)
        bundler = partial(Bundler, resources, is_30=self.is_30, not_required=self._not_required)
        has_discriminators = dialect != DIALECT and resources.have_discriminators
        self.bundler = bundler(
            discriminates=has_discriminators, heirs=self.heirs if has_discriminators else None
        )
        is_read_otherwise = self.is_30 or has_discriminators or resources.have_patterns
        self.python_bundler = bundler(as_python=True) if is_read_otherwise else self.bundler

    def view(self, direction: frozenset[str] = frozenset(), *, formats: bool = False) -> Schemas:
        """Return the same schemas for another direction, or with formats."""
        return self._views.get((direction, formats)) or Schemas(
            self.resources,
            direction=direction,
            formats=formats,
            origin=self.origin,
            views=self._views,
            strict=self.strict,
        )

    @property
    def for_requests(self) -> Schemas:
        """The schemas of requests: what is ``readOnly`` is required of responses alone (3.0.3, 4.7.24)."""
        return self.view(self.one_way & {"readOnly"}, formats=self.formats)

    @property
    def for_responses(self) -> Schemas:
        """The schemas of responses: what is ``writeOnly`` is required of requests alone."""
        return self.view(self.one_way & {"writeOnly"}, formats=self.formats)

    def of(self, node: Any) -> Schema:
        """Return the schema of a node of the document, always the same instance."""
        if id(node) not in self._schemas:
            self._schemas[id(node)] = Schema(node, self)
        return self._schemas[id(node)]

    def named(self, name: str) -> Schema:
        """Return the schema of this name among the components; KeyError without one."""
        return self.of(self.resources.document["components"]["schemas"][name])

    def in_media_type(self, holder: Any) -> Schema:
        """Return the schema of a Media Type Object, parameter or header; one without allows anything.

        What has an ``itemSchema`` is an array of such items (OpenAPI 3.2, section 4.14.3).
        """
        if "itemSchema" not in holder:
            return self.of(holder.get("schema", ANYTHING))
        array = {"type": "array", "items": holder["itemSchema"]}
        return self.of(self._sequences.setdefault(id(holder), array))

    def keywords(self, node: Any) -> dict[str, Any]:
        """Return a schema object or boolean as an object of JSON Schema 2020-12."""
        if isinstance(node, dict):
            return to_2020_12(node) if self.is_30 else node
        return {"enum": []} if node is False else {}

    def targets(self, node: Any) -> list[ReferenceTarget]:
        """Return the targets of a schema's ``$ref`` and ``$dynamicRef`` that are in the document.

        A dynamic reference is taken for a plain one: to the anchor that stands in its own resource.
        """
        if not isinstance(node, dict) or ("$ref" not in node and "$dynamicRef" not in node):
            return []
        references = (node.get(keyword) for keyword in REFERENCES)
        targets = (
            self.resources.target(node, reference) for reference in references if isinstance(reference, str)
        )
        return [target for target in targets if target is not None]

    def targets_of(self, node: Any) -> list[Any]:
        """Return the target schemas of a schema's references; see :meth:`targets`."""
        return [target for target, _ in self.targets(node)]

    def parts(self, node: Any) -> list[dict[str, Any]]:
        """Return the schema objects that all apply to a value: a schema, its ``$ref`` and its ``allOf``."""
        parts: dict[int, dict[str, Any]] = {}
        pending = [node]
        while pending:
            schema = pending.pop()
            if isinstance(schema, dict) and id(schema) not in parts:
                parts[id(schema)] = schema
                pending += [*reversed(schema.get("allOf", ())), *self.targets_of(schema)]
        return list(parts.values())

    def compiled(self, node: Any, *, as_python: bool = False) -> Validator:
        """Compile a schema, once, whichever thread is first; all of the same text share a validator."""
        node, _ = self.meant(node, "")
        key = self.key(node), as_python
        with self._compiling:
            if key not in self._compiled:
                bundler = self.python_bundler if as_python else self.bundler
                self._compiled[key] = self._compile(node, bundler, as_python=as_python)
            return self._compiled[key]

    def accepts(self, node: Any, value: Any) -> bool:
        """Tell whether a value conforms, by a validator that is made for its members and dropped again.

        A schema that leads to hundreds is validated so in a part of the time, if the value is small.
        """
        node, _ = self.meant(node, "")
        return self._compile(node, self.bundler.narrowed(value)).is_valid(value)

    def _compile(self, node: Any, bundler: Bundler, *, as_python: bool = False) -> Validator:
        bundle = bundler.bundle(node)
        return Validator(
            bundle,
            lambda root, uri: self.origin(self.bundler.place(root, uri)),
            names=Schema(node, self).names,
            retriever=self.resources.resource,
            base_uri=self.resources.uri,
            **options_of(bundle, formats=self.formats, as_python=as_python, refused=self._refused),
        )

    def key(self, node: Any) -> int | bytes:
        """Return a key of a schema: its text, which has one meaning but in resources and for heirs."""
        has_place = self.resources.reference_to(node) or self.heirs.may_have(node)
        return id(node) if has_place else msgspec.json.encode(node)

    def reads_alike(self, node: Any) -> bool:
        """Tell whether what :attr:`Schema.python_validator` accepts, openapi-core does."""
        return self.has_dialect and reads_alike(self.python_bundler.bundle(node), is_30=self.is_30)

    def reader(self, node: Any) -> Callable[[bytes], Any] | None:
        """Return the reader of a schema's JSON; see :attr:`Schema.reader`."""
        if not self.reads_alike(node):
            return None
        with self._compiling:
            return self._types.reader(self.python_bundler.bundle(self.meant(node, "").node))

    def meant(self, node: Any, pointer: str) -> ReferenceTarget:
        """Return the target of a bare reference, so that all references to it share its validator."""
        target, seen = ReferenceTarget(node, pointer), set()
        while (
            isinstance(target.node, dict) and target.node.keys() == {"$ref"} and id(target.node) not in seen
        ):
            seen.add(id(target.node))
            target = next(iter(self.targets(target.node)), target)
        return target

    def marked(self, node: Any, marks: frozenset[str]) -> frozenset[str]:
        """Return the names of a schema's properties that are ``readOnly``, or ``writeOnly``."""
        if not marks:
            return marks
        named = Schema(node, self).properties.items()  # not kept: openapi-core asks about copies
        return frozenset(name for name, schema in named if any(map(schema.is_marked, marks)))

    def _not_required(self, node: dict[str, Any]) -> frozenset[str]:
        has_properties = not node.keys().isdisjoint(HAVING_PROPERTIES)
        return self.marked(node, self.direction) if has_properties else frozenset()
