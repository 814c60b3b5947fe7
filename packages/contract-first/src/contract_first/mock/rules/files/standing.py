"""Rules that options ask for, which stay for as long as a mock runs: a recording, and what goes upstream."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from contract_first.mock.options import ApiOptions
from contract_first.mock.rules.reading import rule_documents

from .recording import MOST_BYTES, Matching, recorded_rules

NOT_RECORDED: Final = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "It is not recorded.",
}
UNRECORDED: Final = {
    "name": "not recorded",
    "effect": {
        "respond": {
            "status": 404,
            "headers": {"Content-Type": "application/problem+json"},
            "body": NOT_RECORDED,
        }
    },
}


def standing_rules(options: ApiOptions, services: Mapping[str, ApiOptions]) -> dict[str, list[Any]]:
    """Return rules, as JSON, by where they come from (see `registry.LASTING`).

    Args:
        services: the options of each service that has its own upstream, of a mock with several.

    Raises:
        RuleFileError: the recording cannot be read, or is none.
        ValueError: an option is of no use without another.
    """
    rules = {"recording": [] if options.replay is None else _replayed(options.replay, options)}
    if options.replay is None and (
        options.match_header or options.match_body or options.unrecorded != "mock"
    ):
        raise ValueError("--match-header, --match-body and --unrecorded need a recording: --replay FILE.")
    if options.replay is not None and options.unrecorded == "404":
        rules["recording"].append(UNRECORDED)
    if options.upstream is None and (options.forward or options.mock_on):
        raise ValueError("--forward and --mock-on need a server: --upstream URL.")
    effect = {"forward": {"mock_on": [*options.mock_on]}}
    matches: list[dict[str, str]] = [{"operation": operation} for operation in options.forward] or [{}]
    rules["upstream"] = [
        {"name": "upstream", "match": {**match, **({"service": name} if name else {})}, "effect": effect}
        for name, service in (services or {"": options}).items()
        if service.upstream is not None
        for match in matches
    ]
    return rules


def _replayed(path: Path, options: ApiOptions) -> list[Any]:
    rules = recorded_rules(path, Matching(options.match_header, options.match_body))
    if rules is not None:
        return rules
    if options.match_header or options.match_body:
        raise ValueError(
            f"{path} says which requests are the same; --match-header and --match-body are for HAR, and for "
            "proxy --record."
        )
    return rule_documents(path, "overrides", MOST_BYTES)
