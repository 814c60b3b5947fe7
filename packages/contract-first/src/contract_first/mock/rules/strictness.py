"""Refuses overrides whose responses violate the contract, as far as that is known before a request."""

from collections.abc import Iterator

import msgspec

from contract_first.check.validation.openapi_core import OpenapiCore
from contract_first.check.validation.responses import OperationResponses
from contract_first.contract import Contract, Operation
from contract_first.contract.contract import is_named
from contract_first.generation import Generator
from contract_first.mock.journal.matching import is_pattern, matches
from contract_first.mock.responses.authenticators import OpenAuthenticator
from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.selection import Selection
from contract_first.mock.rule import Effect, Match, Rule, RuleError
from contract_first.mock.templates.filling import has_templates
from contract_first.service.assembly import Assembly
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.response import Rendered

from .overriding import OverrideError, patched, rendered


class StrictOverrides:
    """Validates what overrides send by a contract; what a template makes is not known before a request."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._core = OpenapiCore(contract)
        self._assembly = Assembly(contract, OpenAuthenticator())
        self._generator = Generator(contract.schemas.for_responses, seed="", locale="")

    def check(self, rule: Rule) -> None:
        """Raise RuleError for an override whose response violates the contract."""
        for error in self.violations(rule):
            raise error

    def violations(self, rule: Rule) -> Iterator[RuleError]:
        """Yield how the responses of an override violate the contract, each with its place in the rule."""
        steps = rule.effect.sequence or (rule.effect,)
        for number, effect in enumerate(steps):
            at = f"/effect/sequence/{number}" if rule.effect.sequence else "/effect"
            for operation in self._operations(rule.match):
                yield from self._violations(effect, at, operation)

    def _violations(self, effect: Effect, at: str, operation: Operation) -> Iterator[RuleError]:
        response = self._response(effect, operation)
        if response is None:
            return
        validator = OperationResponses(operation, self._contract, self._core)
        body = response.body if response.headers else None
        for violation in validator.violations(response.status, response.headers, body):
            part = "patch" if effect.respond is None else "respond"
            where = {"status": "/status", "header": f"/headers/{violation.where}", "media type": "/headers"}
            place = where.get(violation.part, f"/body{violation.where}")
            detail = f"violates the contract of {operation.operation_id}: {violation.detail}"
            yield RuleError(f"{at}/{part}{place}", violation.rule, detail)

    def _response(self, effect: Effect, operation: Operation) -> Rendered | None:
        """Return the response that an override sends, if that is known."""
        part = effect.respond or effect.patch
        if (
            part is None
            or (has_templates(msgspec.to_builtins(part)) and getattr(part, "templates", True))
            or (effect.respond and isinstance(effect.respond.example, str))
        ):
            return None
        try:
            if effect.respond is not None:
                return rendered(effect.respond, operation)
            documented = DocumentedResponses(operation, self._assembly, self._generator)
            base = documented.make(Selection(effect.status, None), []).rendered
            return None if effect.patch is None else patched(effect.patch, base, operation, self._contract)
        except (OverrideError, Problem):
            return None

    def _operations(self, match: Match) -> Iterator[Operation]:
        """Yield the operations that an override is for; those of one for all are not known."""
        if not match.operation and not match.path:
            return
        for operation in self._contract.operations:
            method, path = operation.method.upper(), operation.path
            if match.operation and not is_named(operation.operation_id, match.operation):
                continue
            if match.method.upper() not in ("", method):
                continue
            is_there = not match.path or (
                matches(path, match.path)
                if is_pattern(match.path)
                else self._contract.route(method, match.path).operation is operation
            )
            if is_there:
                yield operation
