"""Schemathesis's configuration: the shipped file, and the settings of one run."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from schemathesis.config import SchemathesisConfig

from contract_first.check.reports.report import Severity
from contract_first.check.target import Target
from contract_first.contract import Operation

from .options import PHASES, Phase

SHIPPED = Path(__file__).with_name("schemathesis.toml")
"""What holds for every contract."""
MOST_HELD = 2**16
"""Bytes of a response's body that are held beyond its checks."""
SPARED = 0.1
"""Share of the budget, and of a window's requests, for the check that is made last, `RetryAfter`."""
MINIMISED = 0.2
"""Share of the time in which the requests of findings are made small."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run tries.

    Attributes:
        phases: of Schemathesis, in its order.
        max_examples: requests that Hypothesis generates for an operation, at most.
        seed: the same seed tries the same on the same responses. Fixed, so that a run repeats.
        operations: file of Schemathesis's configuration with ``[[operations]]`` of this API: which responses
            are right that no schema describes.
        budget: seconds that the run takes, all of them: what is left when all was tried is tried further;
            None for one round of everything.
        holds_bodies: whether all of a large body is held beyond its checks.
        excluded: names of checks of Schemathesis that are not made.
        severities: of findings by check, where they are others than the check's.
    """

    phases: tuple[Phase, ...] = PHASES
    max_examples: int = 100
    seed: int = 1
    operations: Path | None = None
    budget: float | None = None
    holds_bodies: bool = False
    excluded: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = msgspec.field(default_factory=dict)


def configuration(target: Target, plan: Plan) -> SchemathesisConfig:
    """Return Schemathesis's configuration for a run."""
    document = tomllib.loads(SHIPPED.read_text("utf-8"))
    document |= {
        "seed": plan.seed,
        "rate-limit": "auto",
        "request-timeout": target.request_seconds,
        "request-retries": 1,
        # all that is wrong with an operation, not only what is seen first
        "continue-on-failure": True,
        # it would hide whatever is called a key or a session; credentials are masked by their values instead
        "output": {
            "sanitization": {"enabled": False},
            "truncation": {"max-recorded-payload-size": 0 if plan.holds_bodies else MOST_HELD},
        },
    }
    document["generation"] |= {"max-examples": plan.max_examples, "database": "none"}
    if plan.budget is not None:
        document["max-time"] = max(1, int(target.remaining() - plan.budget * (SPARED + MINIMISED)))
    document["checks"] |= {name: {"enabled": False} for name in plan.excluded}
    document["phases"] = _phases(document.get("phases", {}), target, plan)
    further = tomllib.loads(plan.operations.read_text("utf-8")) if plan.operations else {}
    accepting = document["checks"]["positive_data_acceptance"]["expected-statuses"]
    document["operations"] = [
        *_refusing(target.operations, accepting),
        *further.get("operations", ()),
    ]
    config = SchemathesisConfig.from_dict(document)
    # whom httpx2 trusts, which our own checks call with: requests has other variables
    trusted = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or True
    # not in the document, where "${NAME}" would be taken for an environment variable
    config.projects.default.update(base_url=target.url, headers=target.headers, tls_verify=trusted)
    return config


def _phases(shipped: dict[str, Any], target: Target, plan: Plan) -> dict[str, Any]:
    phases: dict[str, Any] = {
        name: {**shipped.get(name, {}), "enabled": name in plan.phases} for name in PHASES
    }
    if target.read_only:
        phases["coverage"]["unexpected-methods"] = []
    return phases


def _refusing(operations: Iterable[Operation], accepting: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield for each operation that declares refusals without a success that these are right."""
    for operation in operations:
        declared = [status for status in operation.responses if status[0] not in "d5"]
        if declared and all(status[0] == "4" for status in declared):
            statuses = {"expected-statuses": [*accepting, *declared]}
            yield {"include-name": operation.label, "checks": {"positive_data_acceptance": statuses}}
