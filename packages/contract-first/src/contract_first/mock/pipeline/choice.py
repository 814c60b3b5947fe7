"""Which documented response is sent: the success, or what the client prefers."""

from collections.abc import Sequence

from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.exchange import Exchange, Step, accepted, through
from contract_first.mock.responses.selection import Selection
from contract_first.mock.responses.streams import asks_for_events
from contract_first.service.messages.response import Rendered
from contract_first.service.randomness import RandomBytes
from contract_first.service.request.sequences import EVENTS

DRAWN_BYTES = 8


class Choose:
    """Selects a documented response; where the client prefers one, other steps send that.

    Args:
        draw: draws what dynamic responses are made from.
        documented: the steps of a response that is preferred.
    """

    def __init__(self, responses: DocumentedResponses, draw: RandomBytes, documented: Sequence[Step]) -> None:
        self._content = responses.selector.content(responses.selector.success)
        self._draw, self._documented = draw, documented

    async def __call__(self, exchange: Exchange) -> Rendered | None:
        """Raises NotFound: what is preferred is not documented."""
        asks = asks_for_events(exchange.arguments.get("body"), self._content)  # even against the header
        accept = EVENTS if asks else accepted(exchange.request)
        code, example, dynamic, applied = exchange.preferences
        if code is None and example is None and not dynamic:
            exchange.selection = Selection(None, accept)
            return None
        drawn = self._draw(DRAWN_BYTES).hex() if dynamic and example is None else ""
        exchange.selection, exchange.applied = Selection(code, accept, example, drawn), applied
        return await through(self._documented, exchange)
