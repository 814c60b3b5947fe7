"""What is wrong with a value that fits no alternative: the errors of the one that it was meant for."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urldefrag

from jsonschema_rs import ValidationError

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import COMPONENT, mapping_targets

from .bundling import in_bundle

CONSTANTS = {"const", "enum"}
MOST_NAMES = 20


class Cause(NamedTuple):
    """An error, or the member below it that tells no alternative.

    Attributes:
        member: the name of that member, None for the error itself.
        names: what the member may be.
    """

    error: ValidationError
    member: str | None = None
    names: tuple[str, ...] = ()

    @property
    def path(self) -> list[str | int]:
        """Where in the value it is wrong."""
        return [*self.error.instance_path, *([] if self.member is None else [self.member])]

    @property
    def detail(self) -> str:
        """What is wrong with the member; empty for the error itself."""
        if self.member is None:
            return ""
        listed = ", ".join(self.names[:MOST_NAMES]) + (" ..." if len(self.names) > MOST_NAMES else "")
        instance: Any = self.error.instance
        if self.member in instance:
            return f"is none of {listed}"
        return f"is missing; expected one of {listed}"


def causes(error: ValidationError, bundle: Mapping[str, Any]) -> Iterator[Cause]:
    """Yield the errors of the alternative of ``anyOf`` or ``oneOf`` that a value was meant for, if any is.

    That is the one that the discriminator names, the one that has the value's type, or the one whose
    constant (``const``, ``enum``) a member has, where all others refuse it.
    """
    branches: list[list[ValidationError]] = getattr(error.kind, "context", None) or []
    if error.kind.name not in {"anyOf", "oneOf"} or not branches:
        yield Cause(error)
        return
    depth = len(error.instance_path)
    chosen = _by_discriminator(error, branches, bundle)
    if chosen is None:
        near = [
            branch
            for branch in branches
            if not any(e.kind.name == "type" and len(e.instance_path) == depth for e in branch)
        ]
        chosen = near[0] if len(near) == 1 else _by_constant(error, near, depth)
    if isinstance(chosen, Cause):
        yield chosen
    else:
        for inner in chosen:
            yield from causes(inner, bundle)


def _by_discriminator(
    error: ValidationError, branches: list[list[ValidationError]], bundle: Mapping[str, Any]
) -> list[ValidationError] | Cause | None:
    """Return the errors of the alternative that a value names, or the name that is none; None without one."""
    keys = pointers.split(pointers.from_fragment(urldefrag(error.absolute_keyword_location or "").fragment))
    try:
        schema = pointers.lookup(bundle, pointers.join("", *keys[:-1]))
        name, targets = schema["discriminator"]["propertyName"], mapping_targets(schema["discriminator"])
        references = [part.get("$ref") or part["allOf"][0]["$ref"] for part in schema[keys[-1]]]
    except (LookupError, TypeError):  # no discriminator, or alternatives that it cannot name
        return None
    if not isinstance(error.instance, dict):
        return None
    by_reference = dict(zip(references, branches, strict=False))
    names = {value: in_bundle(target) for value, target in targets.items()}
    implied = in_bundle(COMPONENT)
    unmapped = [
        reference.removeprefix(implied) for reference in references if reference not in names.values()
    ]
    value = error.instance.get(name)
    reference = names.get(value, implied + value) if isinstance(value, str) else ""
    return by_reference.get(reference) or Cause(error, name, (*names, *unmapped))


def _constants(kind: Any) -> tuple[Any, ...]:
    return tuple(kind.options) if kind.name == "enum" else (kind.expected_value,)


def _by_constant(
    error: ValidationError, branches: list[list[ValidationError]], depth: int
) -> list[ValidationError] | Cause:
    """Return the errors of the alternative whose constant a value has, or the member that has nobody's."""
    refused: dict[str, dict[int, tuple[Any, ...]]] = {}
    for place, branch in enumerate(branches):
        for inner in branch:
            if inner.kind.name in CONSTANTS and len(inner.instance_path) == depth + 1:
                refused.setdefault(str(inner.instance_path[-1]), {})[place] = _constants(inner.kind)
    for member, places in refused.items():
        left = [branch for place, branch in enumerate(branches) if place not in places]
        if len(left) == 1:
            return left[0]
        if not left and len(branches) > 1:
            return Cause(error, member, tuple(str(value) for values in places.values() for value in values))
    return Cause(error)
