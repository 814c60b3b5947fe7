"""What the contract documents for one operation, as answers: made once, and remembered."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from openapi_service.problems import BadRequest, ValidationFailed
from openapi_service.response_validation import declared_response

from .judged import AnswerJudge
from .response import DocumentedResponse

if TYPE_CHECKING:
    from openapi_contract import Operation
    from openapi_service.assembly import Assembly
    from openapi_service.problems import Problem

    from .generation import Generator
    from .response import Documented, Fields, Wish

MOST_REMEMBERED = 64


class DocumentedAnswers:
    """The documented answers of one operation.

    Args:
        assembly: of the contract.
        generator: of the contract's values.

    Attributes:
        success: the status of a plain answer.
    """

    def __init__(self, operation: Operation, assembly: Assembly, generator: Generator) -> None:
        self.success = success_of(operation)
        self._operation = operation
        self._contract = assembly.contract
        self._generator = generator
        self._judge = AnswerJudge(operation, assembly, generator)
        self._made: OrderedDict[Wish, Documented] = OrderedDict()

    def known(self, wish: Wish) -> Documented | None:
        """Return an answer that was made before."""
        return self._made.get(wish)

    def status_of(self, problem: Problem) -> int | None:
        """Return the status that a refusal is documented with, with a body; None if there is none."""
        status, documented = int(problem.status), self._operation.responses
        if isinstance(problem, ValidationFailed) and str(status) not in documented and "400" in documented:
            status = int(BadRequest.status)  # as most contracts have it
        declared = declared_response(self._operation, status)
        return status if declared and declared.get("content") else None

    def make(self, wish: Wish, given: Fields) -> Documented:
        """Return the answer that is wanted; it takes its time.

        Args:
            wish: which one.
            given: headers that the answer has already.

        Raises:
            BadRequest: the contract documents no such status or example; says which there are.
            NotImplementedYet: no value was found that keeps the schema.
            InternalError: the example that is wanted breaks the contract.
        """
        made = self._response(self._status(wish)).answer(wish, given)
        if not wish.drawn:
            self._made[wish] = made
            while len(self._made) > MOST_REMEMBERED:
                self._made.popitem(last=False)
        return made

    def _status(self, wish: Wish) -> int:
        """Return the status that is wanted, else the one that has the example, else the success."""
        if wish.status is not None or wish.example is None:
            return wish.status or self.success
        codes = [self.success, *(int(code) for code in self._operation.responses if code.isdigit())]
        return next((code for code in codes if wish.example in self._response(code).examples), self.success)

    def _response(self, status: int) -> DocumentedResponse:
        operation = self._operation
        declared = declared_response(operation, status)
        if declared is None:
            raise BadRequest(
                f"{operation.method.upper()} {operation.path} documents no {status}; "
                f"it has {', '.join(operation.responses) or 'none'}."
            )
        return DocumentedResponse(operation, status, declared, self._contract, self._generator, self._judge)


def success_of(operation: Operation) -> int:
    """Return the status of a plain answer: the first success, else what there is."""
    codes = list(operation.responses)
    successes = [code for code in codes if code.startswith("2")]
    if not successes and ("default" in codes or not codes):
        return 200
    return int((successes or codes)[0].upper().replace("X", "0"))
