"""Recorded exchanges as rules, by which the same requests get the same responses; a recording lists them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import msgspec

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.har import HarError, read_har
from contract_first.contract.document import pointers
from contract_first.contract.document.media_types import essence, is_json
from contract_first.masking import Masking
from contract_first.mock.extension import NO_EXTENSION
from contract_first.mock.override import FRAMING, OF_MOCKS, OF_PROXIES, text_or_base64
from contract_first.mock.rule import RuleFileError
from contract_first.mock.rules.reading import RuleReader, rule_documents

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of a file of recorded rules."""
SUCCESSES: Final = range(200, 300)
MOST_STEPS: Final = 100
LONGEST_PATH: Final = 1000
LONGEST_NAME: Final = 200
MOST_CONDITIONS: Final = 100
OF_SERVERS: Final = frozenset({"alt-svc", "content-encoding", "date", "server", "strict-transport-security"})
"""Header fields that describe the server that was recorded, or how the body was sent."""
FIELD: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):([\t\x20-\x7e\x80-\xff]{0,8000})")
HAR: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"log"')
FORM: Final = "application/x-www-form-urlencoded"
Report = Callable[[str], object]
"""Takes a sentence."""


class Matching(NamedTuple):
    """What a request has in common with a recorded one, beside method, path and query.

    Attributes:
        headers: names of fields.
        body: JSON pointers of members; none for the whole body.
    """

    headers: Sequence[str] = ()
    body: Sequence[str] = ()


ALL: Final = Matching()
ANY: Final = Masking()
MASKS: Final = re.compile(r"\*{3}[0-9a-f]{0,12}\**")


def rules_of(
    exchanges: Iterable[RecordedExchange],
    matching: Matching = ALL,
    base: str = "",
    masking: Masking = ANY,
    report: Report = str,
) -> list[dict[str, Any]]:
    """Return the rules, as JSON, by which a mock responds to the same requests as recorded.

    Requests that are the same get their responses in the recorded order, and the last one from then on.
    Exchanges of which a body is not whole, or a part is too long, are left out.

    Args:
        base: what the paths of recorded requests begin with, and those of the mock do not.
        masking: of the exchanges; a masked secret only has to be there.
        report: takes a sentence about what is left out.
    """
    recorded = [_Recorded(exchange, base, masking) for exchange in exchanges if exchange.server == "api"]
    queries: dict[tuple[str, str], dict[str, None]] = {}
    for exchange in recorded:
        queries.setdefault(exchange.place, {}).update(dict.fromkeys(exchange.query))
    effects: dict[bytes, list[dict[str, Any]]] = {}
    usable = [exchange for exchange in recorded if exchange.is_usable]
    for exchange in usable:
        match = exchange.match(queries[exchange.place], matching)
        effects.setdefault(msgspec.json.encode(match), []).append(exchange.effect)
    if rest := len(recorded) - len(usable):
        report(
            f"{rest} of {len(recorded)} exchanges are left out: a response is not whole, or a path too long."
        )
    return [_rule(msgspec.json.decode(match), steps) for match, steps in effects.items()]


def recorded_rules(
    path: Path, matching: Matching = ALL, report: Report = str, masking: Masking | None = None
) -> list[dict[str, Any]] | None:
    """Return the rules of a HAR file, as JSON; None for a file that is no HAR.

    Args:
        report: takes a sentence about what is left out.
        masking: of the exchanges; None to leave them as they are.

    Raises:
        RuleFileError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            if not HAR.match(file.read(1000)):
                return None
        exchanges = read_har(path)
        if masking is not None:
            exchanges = (exchange.masked(masking) for exchange in exchanges)
        return rules_of(exchanges, matching, report=report)
    except HarError as error:
        raise RuleFileError(str(error)) from None
    except OSError as error:
        raise RuleFileError(f"{path} cannot be read: {error.strerror}.") from None


def recorded_responses(path: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield the successful responses in a recording or HAR: method, decoded path, body as JSON, else None.

    Raises:
        RuleFileError: it cannot be read, or is neither.
    """
    rules = recorded_rules(path)
    documents = rule_documents(path, "overrides", MOST_BYTES) if rules is None else rules
    for rule in RuleReader(NO_EXTENSION).rules(documents, str(path)):
        for effect in rule.effect.sequence or [rule.effect]:
            respond = effect.respond
            if respond and respond.status in SUCCESSES:
                body = None if respond.body is msgspec.UNSET else respond.body
                yield rule.match.method, rule.match.path, body


def as_file(rules: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a file of rules, in JSON with a line for each."""
    lines = b",\n  ".join(msgspec.json.encode(rule) for rule in rules)
    return b'{"overrides": [\n  ' + lines + b"\n]}\n"


class _Recorded:
    """An exchange as far as a rule is made from it."""

    def __init__(self, exchange: RecordedExchange, base: str, masking: Masking) -> None:
        self._exchange = exchange
        self._masking = masking
        parts = urlsplit(exchange.url)
        path = MASKS.sub("*", unquote(parts.path.removeprefix(base)))  # a pattern, as a path of a rule may be
        self.place = exchange.method.upper(), path or "/"
        self.query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=1000)

    @property
    def is_usable(self) -> bool:
        """Whether a mock can respond the same."""
        exchange = self._exchange
        status = exchange.status
        is_final = status == 0 or 200 <= status < 600  # noqa: PLR2004 -- classes of statuses
        return is_final and exchange.response.whole and len(self.place[1]) <= LONGEST_PATH

    def match(self, names: Iterable[str], matching: Matching) -> dict[str, Any]:
        """Return which requests are the same.

        Args:
            names: of parameters in the query of any recorded request for the path: those that this one does
                not have are not there.
        """
        method, path = self.place
        query = {name: self._condition(name, self.query.get(name, [])) for name in [*names][:MOST_CONDITIONS]}
        request = self._exchange.request
        headers = {name: self._condition(name, _values(request, name)) for name in matching.headers}
        parts = {"query": query, "headers": headers, "body": dict(self._body(request, matching.body))}
        return {"method": method, "path": path, **{name: part for name, part in parts.items() if part}}

    def _condition(self, name: str, values: Sequence[str]) -> Any:
        """Return the condition on the values under a name; a secret only has to be there."""
        if not values or self._masking.is_masked([*values], name):
            return {"present": bool(values)}
        return values[0] if len(values) == 1 else {"all": [*values]}

    def _body(self, message: Message, chosen: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield conditions on a body of JSON or a form by pointer: on all but secrets, or on members."""
        try:
            document = _document(message)
            conditions = [*islice(self._conditions(document, chosen), MOST_CONDITIONS)]
        except (ValueError, RecursionError):  # msgspec.DecodeError is the former
            return
        yield from conditions

    def _conditions(self, document: Any, chosen: Sequence[str]) -> Iterator[tuple[str, Any]]:
        for pointer in chosen or [""]:
            try:
                yield from self._equality(pointer, pointers.lookup(document, pointer))
            except KeyError:
                yield pointer, {"present": False}

    def _equality(self, pointer: str, value: Any, *, inside: bool = False) -> Iterator[tuple[str, Any]]:
        """Yield conditions on a value: on all of it, or on its members where some are masked."""
        name = pointer.rpartition("/")[2]
        if not self._masking.is_masked(value, name, inside=inside):
            yield pointer, {"equals": value}
        elif isinstance(value, dict):
            inside = inside or self._masking.is_secret(name)
            for key, member in value.items():
                yield from self._equality(pointers.join(pointer, key), member, inside=inside)
        else:
            yield pointer, {"present": True}

    @property
    def effect(self) -> dict[str, Any]:
        """The response, or the end of the connection where there was none."""
        exchange = self._exchange
        if exchange.status == 0:
            return {"drop": True}
        headers = dict(_headers(exchange.response))
        body = _body(exchange.response)
        return {"respond": {"status": exchange.status, "headers": headers, **body, "templates": False}}


def _rule(match: dict[str, Any], effects: list[dict[str, Any]]) -> dict[str, Any]:
    steps = effects if len(effects) <= MOST_STEPS else [*effects[: MOST_STEPS - 1], effects[-1]]
    is_same = all(step == steps[0] for step in steps)
    effect = steps[0] if is_same else {"sequence": steps}
    return {"name": f"{match['method']} {match['path']}"[:LONGEST_NAME], "match": match, "effect": effect}


def _values(message: Message, name: str) -> list[str]:
    return [value for field, value in message.headers if field.lower() == name.lower()]


def _document(message: Message) -> Any:
    """Return a whole body as JSON; raise ValueError or RecursionError for any other."""
    if not message.body or not message.whole:
        raise ValueError("There is no whole body.")
    if message.media_type == FORM:
        return dict(parse_qsl(message.body.decode("latin-1"), keep_blank_values=True))
    return message.json()


def _headers(response: Message) -> Iterator[tuple[str, str]]:
    for name, value in response.headers:
        lower = name.lower()
        is_left_out = lower in FRAMING.union(OF_SERVERS, OF_PROXIES) or lower.startswith(OF_MOCKS)
        if not is_left_out and FIELD.fullmatch(f"{name}:{value}"):
            yield lower, value


def _body(response: Message) -> dict[str, Any]:
    if not response.body:
        return {}
    if is_json(essence(response.media_type)):
        try:
            return {"body": response.json()}
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            pass  # it is sent as it is
    return text_or_base64(response.body)
