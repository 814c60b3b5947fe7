"""Writes results as SARIF 2.1.0 (OASIS), which code scanning reads."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Literal, NamedTuple

import msgspec

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
Level = Literal["error", "warning", "note"]


class Result(NamedTuple):
    """What is wrong at a place.

    Attributes:
        rule: its name.
        source: file or URL.
        line: from 1; 0 where it is not known.
        subject: what it is about, such as an operation or a pointer.
        identity: the same for the same result in another run; empty for `subject` and `rule`.
    """

    rule: str
    level: Level
    message: str
    source: str
    line: int = 0
    subject: str = ""
    identity: str = ""


def as_sarif(results: Iterable[Result], rules: Mapping[str, str]) -> bytes:
    """Return a SARIF log of one run.

    Args:
        rules: what each rule expects, by name.
    """
    driver = {
        "name": "contract-first",
        "version": version("contract-first"),
        "rules": [{"id": name, "shortDescription": {"text": text}} for name, text in rules.items()],
    }
    run = {"tool": {"driver": driver}, "results": [_result(result) for result in results]}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def _result(result: Result) -> dict[str, Any]:
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": result.source.replace("\\", "/")},
            "region": {"startLine": max(1, result.line)},
        },
        "logicalLocations": [{"fullyQualifiedName": result.subject}],
    }
    identity = result.identity or f"{result.rule} {result.subject}"
    return {
        "ruleId": result.rule,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [place],
        "partialFingerprints": {"contractFirst/v1": identity},
    }
