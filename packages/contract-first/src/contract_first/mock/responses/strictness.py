"""What a mock does about requests, and examples, that violate the contract."""

from typing import Literal, NamedTuple, TypeAlias

from contract_first.service.messages.problems import Problem, ValidationFailed

Mode: TypeAlias = Literal["on", "warn", "off"]


class Strictness(NamedTuple):
    """What is done about requests, and examples, that violate the contract.

    Attributes:
        requests: ``on`` refuses them; ``warn`` responds all the same, and says in a header what is wrong;
            ``off`` responds.
        formats: the same of a ``format``, where it is all that is wrong.
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

    def refuses(self, problems: list[Problem]) -> bool:
        """Tell whether a request is refused that has these problems."""
        return (
            bool(problems) and self.requests == "on" and not (self.formats != "on" and _of_formats(problems))
        )

    def warns(self, problems: list[Problem]) -> bool:
        """Tell whether the response to a request that is not refused reports its violations."""
        return bool(problems) and "warn" in {self.requests, self.formats if _of_formats(problems) else ""}


STRICT = Strictness()


def _of_formats(problems: list[Problem]) -> bool:
    return all(
        isinstance(problem, ValidationFailed) and all(part.rule == "format" for part in problem.violations)
        for problem in problems
    )
