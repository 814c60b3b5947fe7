"""How Schemathesis is told what to do: the shipped file, and what differs from run to run."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemathesis.config import SchemathesisConfig

from .plan import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .plan import Plan
    from .target import Target

SHIPPED = Path(__file__).with_name("schemathesis.toml")
"""What holds for every deployment of the contract."""
KEPT = 0.1
"""Share of the budget, and of a window's requests, for the check that is made last, `RetryAfter`."""
REQUEST_SECONDS = 30
"""An answer that takes longer is given up on."""


def configuration(target: Target, plan: Plan, finished: Iterable[tuple[str, str]] = ()) -> SchemathesisConfig:
    """Return Schemathesis's configuration for a run that leaves out these phases of these operations."""
    document = tomllib.loads(SHIPPED.read_text("utf-8"))
    document |= {
        "seed": plan.seed,
        "rate-limit": "auto",
        "request-timeout": REQUEST_SECONDS,
        # all that is wrong with an operation, not only what is seen first
        "continue-on-failure": True,
        # it would hide whatever is called a key or a session; credentials are masked by their values instead
        "output": {"sanitization": {"enabled": False}},
    }
    document["generation"] |= {"max-examples": plan.max_examples, "database": "none"}
    if plan.budget is not None:
        document["max-time"] = max(1, int(target.remaining() - plan.budget * KEPT))
    document["phases"] = _phases(document.get("phases", {}), target, plan)
    document["operations"] = [*document.get("operations", ()), *map(_without, finished)]
    config = SchemathesisConfig.from_dict(document)
    # not in the document, where "${NAME}" would be taken for an environment variable
    config.projects.default.update(base_url=target.url, headers=target.headers, tls_verify=_trusted())
    return config


def _trusted() -> str | bool:
    """Return whom httpx trusts, which our own checks call with: requests has other variables."""
    return os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or True


def _phases(shipped: dict[str, Any], target: Target, plan: Plan) -> dict[str, Any]:
    phases: dict[str, Any] = {
        name: {**shipped.get(name, {}), "enabled": name in plan.phases} for name in PHASES
    }
    if target.read_only:
        phases["coverage"]["unexpected-methods"] = []
    return phases


def _without(done: tuple[str, str]) -> dict[str, Any]:
    phase, operation = done
    return {"include-name": operation, "phases": {phase: {"enabled": False}}}
