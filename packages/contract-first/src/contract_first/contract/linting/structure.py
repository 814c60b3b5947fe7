"""Rules about what stands in a document, but for examples."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag

from contract_first.contract.contract import Contract
from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import Location, mapping_targets
from contract_first.contract.operation import Operation

from .rules import RULES

IN_URLS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]*")
ATOM = re.compile(r"\\[^AZzGQE]|\[\^?\]?(?:\\.|[^\]\\])*\]")
"""What looks the same in every dialect: an escape, or a class of characters."""
NOT_ECMASCRIPT = re.compile(
    r"""\(\?(?![:=!]|<[=!]|<[A-Za-z_$]|[ims]*(?:-[ims]+)?:)  # (?i), (?P<name>...), (?>...), (?#...)
      | [*+?}]\+                                            # possessive
      | \\[AZzGQE]                                          # letters there
    """,
    re.VERBOSE,
)
OF_INTEREST = frozenset({"$ref", "nullable", "pattern"})
"""Keywords that the rules of schemas are about."""
REFERRING = frozenset({"$ref", "allOf", "discriminator"})
ANNOTATIONS = frozenset({"$ref", "summary", "description"})


class Flaw(NamedTuple):
    """A place that violates a rule.

    Attributes:
        detail: in the place of what the rule expects.
        says: in the place of what it says.
    """

    rule: str
    pointer: str
    detail: str = ""
    says: str = ""

    @property
    def reason(self) -> str:
        """What is wrong, and what is expected."""
        rule = RULES[self.rule]
        return f"{self.says or rule.says}: {self.detail}" if self.detail else rule.meaning


def of_document(contract: Contract) -> Iterator[Flaw]:
    """Yield violations of the document as a whole."""
    document, declared = contract.document, set[str]()
    for member in ("description", "contact", "license"):
        if not document["info"].get(member):
            yield Flaw(f"info-{member}", "/info")
    for index, tag in enumerate(document.get("tags", ())):
        declared.add(tag["name"])
        if not tag.get("description"):
            yield Flaw("tag-description", f"/tags/{index}", "")
    for operation in contract.operations:
        yield from _of_operation(operation)
        for index, tag in enumerate(operation.tags):
            if tag not in declared:
                yield Flaw("tag-declared", f"{operation.pointer}/tags/{index}", tag)
    yield from _security(contract)


def _of_operation(operation: Operation) -> Iterator[Flaw]:
    definition, pointer = operation.definition, operation.pointer
    if not (name := definition.get("operationId")):
        yield Flaw("operation-id", pointer)
    elif not IN_URLS.fullmatch(name):
        yield Flaw("operation-id-url", f"{pointer}/operationId")
    if not operation.tags:
        yield Flaw("tag", pointer)
    if not (definition.get("description") or definition.get("summary")):
        yield Flaw("operation-description", pointer)
    if not any(status.startswith("4") or status == "default" for status in operation.responses):
        yield Flaw("error-response", pointer)


def _security(contract: Contract) -> Iterator[Flaw]:
    """Yield operations without a word about security; where none has one, the document."""
    if "security" in contract.document:
        return
    silent = [operation for operation in contract.operations if "security" not in operation.definition]
    if silent and len(silent) == len(contract.operations):
        yield Flaw("security", "")
    else:
        yield from (Flaw("security", operation.pointer) for operation in silent)


def of_schema(location: Location, *, is_30: bool) -> Iterator[Flaw]:
    """Yield violations of a schema, without those below it."""
    node = location.node
    if is_30 and "$ref" in node and (beside := sorted(node.keys() - ANNOTATIONS)):
        if beside := [name for name in beside if not name.startswith("x-")]:
            yield Flaw("ref-siblings", location.pointer, ", ".join(beside))
    elif is_30 and node.get("nullable") is True and "type" not in node:
        yield Flaw("nullable-type", location.pointer)
    pattern = node.get("pattern")
    if isinstance(pattern, str) and NOT_ECMASCRIPT.search(ATOM.sub("x", pattern)):
        yield Flaw("pattern", f"{location.pointer}/pattern")


class ComponentUses:
    """The references of a document, and the components that none leads to."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._components: Mapping[str, Any] = document.get("components", {})
        self._names = set[str]()
        self._schemes = set[str]()
        self._heirs: dict[str, list[str]] = {}
        self._bases = set[str]()
        self._secured(document)

    def add(self, location: Location) -> None:
        """Note what an object refers to."""
        node = location.node
        reference = node.get("$ref")
        if isinstance(reference, str):
            self._names.add(reference)
        if location.kind == "operation":
            self._secured(node)
        if "discriminator" in node:
            if isinstance(node["discriminator"], dict):
                self._names.update(mapping_targets(node["discriminator"]).values())
            self._bases.add(f"#{location.pointer}")
        if "allOf" in node and not location.is_inner:
            self._heirs[f"#{location.pointer}"] = [
                part["$ref"] for part in node["allOf"] if isinstance(part, dict) and "$ref" in part
            ]

    def _secured(self, holder: Mapping[str, Any]) -> None:
        self._schemes.update(chain.from_iterable(holder.get("security", ())))

    def unused(self) -> Iterator[Flaw]:
        """Yield the components that nothing refers to; heirs of a schema with a discriminator are named."""
        used = {"/".join(unquote(name).split("/", 4)[:4]) for name in self._names}
        used |= {urldefrag(name).url for name in self._names}  # of resources with an $id
        for section, members in self._components.items():
            if not isinstance(members, dict) or section.startswith("x-"):
                continue
            for name, member in members.items():
                pointer = pointers.join("/components", section, name)
                is_scheme = section == "securitySchemes" and name in self._schemes
                identity = member.get("$id") if isinstance(member, dict) else None
                is_named = f"#{pointer}" in used or (bool(identity) and identity in used)
                if not (is_scheme or is_named or self._is_heir(f"#{pointer}")):
                    yield Flaw("unused-component", pointer)

    def _is_heir(self, name: str) -> bool:
        bases: Iterable[str] = self._heirs.get(name, ())
        return not self._bases.isdisjoint(bases)
