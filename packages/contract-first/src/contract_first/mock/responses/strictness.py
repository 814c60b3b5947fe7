"""What a mock does about requests, and examples, that violate the contract."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from contract_first.contract import Contract, Operation
from contract_first.contract.document import pointers
from contract_first.contract.schemas.schema import Schema, Schemas
from contract_first.contract.schemas.violations import Violation
from contract_first.service.messages.problems import Problem, ValidationFailed

from .bodies import examples_of, named_examples

Mode: TypeAlias = Literal["on", "warn", "off"]


class MockStrictness(NamedTuple):
    """What is done about requests, and examples, that violate the contract.

    Attributes:
        requests: ``on`` refuses them; ``warn`` responds all the same, and says in a header what is wrong;
            ``off`` responds.
        formats: the same of a ``format``, where it is all that is wrong; ``on`` warns where an example of
            the contract has the same fault.
        prefers_first: follow ``Prefer`` before a request is validated.
        reports_examples: respond with an error where an example violates its schema, instead of repairing it.
    """

    requests: Mode = "on"
    formats: Mode = "on"
    prefers_first: bool = False
    reports_examples: bool = False

    def ignores(self, rule: str) -> bool:
        """Tell whether violations of a rule are not even reported."""
        return self.requests == "off" or (rule == "format" and self.formats == "off")

    def where(self, problems: list[Problem], faults: Collection[tuple[str, str]]) -> "MockStrictness":
        """Return what is done about the problems of a request where examples have such faults of format."""
        if self.formats == "on" and faults and _of_formats(problems):
            places = {_place(part) for problem in problems for part in getattr(problem, "violations", ())}
            return self._replace(formats="warn") if places.issubset(faults) else self
        return self

    def refuses(self, problems: list[Problem]) -> bool:
        """Tell whether a request is refused that has these problems."""
        return (
            bool(problems) and self.requests == "on" and not (self.formats != "on" and _of_formats(problems))
        )

    def warns(self, problems: list[Problem]) -> bool:
        """Tell whether the response to a request that is not refused reports its violations."""
        return bool(problems) and "warn" in {self.requests, self.formats if _of_formats(problems) else ""}


STRICT = MockStrictness()
INDEX = re.compile(r"/\d+(?=/|$)")


def faults_of_format(
    operation: Operation, contract: Contract, schemas: Schemas
) -> frozenset[tuple[str, str]]:
    """Return where examples of an operation's requests violate a format: locations, and names there."""
    body = operation.request_body or {}
    holders = [("body", "", holder) for holder in body.get("content", {}).values()]
    holders += [(node["in"], node["name"], node) for node in operation.parameters]
    return frozenset(
        _place(violation)
        for location, name, holder in holders
        for schema, at, value in _examples(holder, name, contract, schemas)
        for violation in schema.violations(value, location, at, "")
        if violation.rule == "format"
    )


def _examples(
    holder: Mapping[str, Any], name: str, contract: Contract, schemas: Schemas
) -> Iterator[tuple[Schema, str, Any]]:
    """Yield the examples of a media type or parameter, its schema and the properties of that."""
    whole = schemas.in_media_type(holder)
    yield from ((whole, name, value) for value in named_examples(contract, holder).values())
    properties = ((schema, pointers.join(name, key)) for key, schema in whole.members.items())
    for schema, at in ((whole, name), *properties):
        for part in schema.parts:
            yield from ((schema, at, value) for value in examples_of(part))


def _place(violation: Violation) -> tuple[str, str]:
    return violation.location, INDEX.sub("/*", violation.name)


def _of_formats(problems: list[Problem]) -> bool:
    return all(
        isinstance(problem, ValidationFailed) and all(part.rule == "format" for part in problem.violations)
        for problem in problems
    )
