"""Each example that the contract documents for a request gets the response that the contract has for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from contract_first.contract import Operation
from contract_first.contract.document.media_types import is_json
from contract_first.files import read_bytes

from .check import CheckFailure, NothingToCheck, RunCheck
from .samples import parameters_of

UNNAMED: Final = "example"
"""The name of an example that has none."""
MOST_BYTES: Final = 5_000_000
MOST_LISTED: Final = 20


@dataclass
class NamedExample:
    """The values of one name in a request.

    Attributes:
        parameters: by place and name.
        body: value by media type; at most one is sent.
    """

    parameters: dict[tuple[str, str], Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


class DocumentedExamples(RunCheck):
    """Sends the examples of requests, those of one name together."""

    name = "documented_examples"
    sentence = "Each documented example of a request gets the response that the contract has for it."
    rules: ClassVar[dict[str, str]] = {
        "response": "an example gets the status whose response has an example of its name, or else a success",
    }
    by_message = frozenset({"response"})
    change = "Respond to the example as the contract says, or correct the example."
    source = "OpenAPI, Example Object"

    def run(self) -> Iterator[CheckFailure]:
        """Yield the examples that get another response."""
        names: list[str] = []
        for operation in self.samples.drawable(self.target.operations):
            for name, example in self._examples(operation).items():
                names.append(f"{operation.label} {name}")
                yield from self.whole(self._try(operation, name, example))
        if not names:
            raise NothingToCheck("the contract has no examples of requests")
        more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
        self.note(f"sent: {', '.join(names[:MOST_LISTED])}{more}")

    def _try(self, operation: Operation, name: str, example: NamedExample) -> Iterator[CheckFailure]:
        case = self.samples.draw(operation)
        parameters = parameters_of(case)
        for (place, parameter), value in example.parameters.items():
            if place in parameters:
                parameters[place][parameter] = value
        for media_type, value in example.body.items():
            case.media_type, case.body = media_type, value
            break
        response = self.samples.send(case, self.target.headers)
        expected = [code for code, declared in operation.responses.items() if self._is_named(declared, name)]
        code = operation.response_key(response.status_code)
        if code not in expected if expected else not response.is_success:
            status = " or ".join(expected) or "a success"
            message = f"the example {name} gets {response.status_code}, expected {status}"
            violated = self.failure("response", message, operation.label, response, place=name)
            violated.title = f"{violated.title} to {name}"  # each name is a finding of its own
            yield violated

    def _examples(self, operation: Operation) -> dict[str, NamedExample]:
        """Return the examples of an operation by name."""
        examples: dict[str, NamedExample] = {}
        for parameter in operation.parameters:
            for name, value in self._named(parameter, json=True):
                place = parameter["in"], parameter["name"]
                examples.setdefault(name, NamedExample()).parameters[place] = value
        for media_type, content in (operation.request_body or {}).get("content", {}).items():
            for name, value in self._named(content, json=is_json(media_type)):
                examples.setdefault(name, NamedExample()).body[media_type] = value
        return examples

    def _named(self, holder: Mapping[str, Any], *, json: bool) -> Iterator[tuple[str, Any]]:
        if "example" in holder:
            yield UNNAMED, holder["example"]
        listed = holder.get("examples", {})
        for name, node in listed.items() if isinstance(listed, dict) else ():
            example, _ = self.target.contract.follow(node, "")
            if "value" in example:
                yield name, example["value"]
            elif "externalValue" in example:
                try:
                    yield name, self._external(example["externalValue"], json=json)
                except ValueError as error:
                    self.note(f"{name}: untried, {example['externalValue']} cannot be read: {error}")

    def _external(self, reference: str, *, json: bool) -> Any:
        """Return the value of a file beside the contract."""
        folder = Path(self.target.contract.source).absolute().parent.resolve()
        path = (folder / reference).resolve()
        if "://" in reference or not path.is_relative_to(folder):
            raise ValueError("it is not a file in the contract's folder")
        content = read_bytes(path, MOST_BYTES, "it")
        return msgspec.json.decode(content) if json else content.decode()

    def _is_named(self, response: Mapping[str, Any], name: str) -> bool:
        contents = response.get("content", {}).values()
        return name != UNNAMED and any(name in (content.get("examples") or {}) for content in contents)
