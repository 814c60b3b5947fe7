"""What is checked, and how: the options of `check_url` and of the command ``check``."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from contract_first.check.credentials import PREFIX, Credentials
from contract_first.check.oauth2 import ClientCredentials
from contract_first.check.reports.baseline import Exclusion
from contract_first.check.reports.report import Severity
from contract_first.contract import Contract
from contract_first.signatures import Flag, read_fields

if TYPE_CHECKING:
    from contract_first.check.checks import Check
    from contract_first.check.target import Target

Phase = Literal["examples", "coverage", "fuzzing", "stateful"]
PHASES: tuple[Phase, ...] = get_args(Phase)
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def phases_of(names: Sequence[Phase]) -> tuple[Phase, ...]:
    """Return phases; raise ValueError for a name that is none."""
    if unknown := [name for name in names if name not in PHASES]:
        raise ValueError(f"There is no phase {unknown[0]!r}; expected one of {', '.join(PHASES)}.")
    return tuple(names)


def seconds(time: str | float) -> float:
    """Return a time in seconds; raise ValueError for a text that is none."""
    number, unit = _quantity(time, "([smh]?)", "a time such as 60s, 5m or 1h")
    return number * SECONDS[unit]


def per_second(rate: str | float) -> float:
    """Return the requests per second of a rate; raise ValueError for a text that is none."""
    number, unit = _quantity(rate, "(?:/([smh]))?", "a number of requests such as 5/s, 100/m or 1000/h")
    return number / SECONDS[unit]


def _quantity(value: str | float, unit: str, expected: str) -> tuple[float, str]:
    """Return the number of a text and its unit; a number has none."""
    if not isinstance(value, str):
        return float(value), ""
    match = re.fullmatch(f"([0-9]{{1,6}}){unit}", value)
    if match is None or not int(match[1]):
        raise ValueError(f"expected {expected}, got {value!r}.")
    return float(match[1]), match[2] or ""


@dataclass(frozen=True)
class CheckOptions:
    """What is checked, and how.

    Attributes:
        url: base URL, at which the contract's paths begin.
        contract: contract: JSON or YAML, a file or a URL; by default URL/openapi.json. In Python also a
            `Contract`; where the URL serves none it is ``fallback``.
        overlays: OpenAPI Overlay to apply to the contract, in this order.
        lenient: repair or leave out what is wrong in a contract that is read here.
        strict: refuse an invalid contract instead of repairing it; from OpenAPI 3.1 on, readOnly members are
            required of requests, too.
        credentials: of the caller, and of another organization; none by default.
        read_only: send safe requests only: no writes, no uploads.
        budget: how long to keep testing, such as 60s or 5m. In Python also seconds; None for one round of
            everything.
        began: reading of `time.monotonic` from which the budget counts; by default the start of the check.
        max_examples: generated requests per operation.
        seed: of generated requests, 1 by default; another sends others.
        only: check only this operation: operationId, its end, or 'METHOD /path'.
        phases: phase of generated requests to run, of examples, coverage, fuzzing, stateful; all by default.
        checks: our checks, beside Schemathesis's; by default those of `contract_first.check.checks`.
        schemathesis: file of Schemathesis settings by operation, see `Plan.operations`.
        har: write the exchanges as HAR, secrets masked and bodies cut.
        har_bodies: write bodies of any size into the HAR file.
        variables: prefix of the environment variables that stand for credentials in the report.
        upload_hosts: host that uploads may go to, besides the API's own and Amazon S3's.
        fallback: contract for a URL that serves none; its links complete a contract without any.
        before_links: called with the `Target` and the JSON value of a response before its links are followed:
            makes what these need, such as an upload.
        oauth2: hands out tokens in place of the bearer token of the credentials.
        rate: most requests, such as 5/s or 100/m. In Python also requests per second; 0 for no limit but the
            server's.
        request_timeout: seconds to wait for a response.
        max_response_time: seconds after which a response is a finding; 0 for never.
        collections: correct the recognised collections by the table [collections] of this TOML file.
        excluded: checks that are not made, and operations that are not called, each with a reason.
        severities: of findings by check, in place of the check's own.
        fail_on: least severity of a finding that fails the run.
        min_coverage: fail if less of the contract's operations, statuses and parameters is exercised.
    """

    url: str
    _: KW_ONLY
    contract: Annotated[Contract | Path | str | None, Flag("FILE|URL", kind=str | None)] = None
    overlays: Annotated[tuple[Path, ...], Flag(names=("--overlay",))] = ()
    lenient: bool = False
    strict: Annotated[bool, Flag()] = False
    credentials: Credentials = field(default_factory=Credentials)
    read_only: Annotated[bool, Flag()] = False
    budget: Annotated[float | None, Flag("TIME", seconds, kind=str | None)] = None
    began: float | None = None
    max_examples: Annotated[int, Flag(minimum=1)] = 100
    seed: Annotated[int | None, Flag(minimum=0)] = None
    only: Annotated[tuple[str, ...], Flag("NAME", tuple, names=("--operation",))] = ()
    phases: Annotated[tuple[Phase, ...], Flag("NAME", phases_of, names=("--phase",))] = PHASES
    checks: "tuple[type[Check], ...] | None" = None
    schemathesis: Path | None = None
    har: Annotated[Path | None, Flag()] = None
    har_bodies: Annotated[bool, Flag()] = False
    variables: str = PREFIX
    upload_hosts: Annotated[tuple[str, ...], Flag("NAME", tuple, names=("--upload-host",))] = ()
    fallback: Contract | None = None
    before_links: "Callable[[Target, Any], None] | None" = None
    oauth2: ClientCredentials | None = None
    rate: Annotated[float, Flag("RATE", per_second, "no limit", kind=str | None)] = 0.0
    request_timeout: Annotated[float, Flag("SECONDS", minimum=0.1)] = 30.0
    max_response_time: Annotated[float, Flag("SECONDS", minimum=0)] = 0.0
    collections: Annotated[Path | None, Flag()] = None
    excluded: tuple[Exclusion, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Annotated[Severity, Flag()] = "medium"
    min_coverage: Annotated[int, Flag("PERCENT", minimum=0, maximum=100)] = 0

    def __post_init__(self) -> None:
        read_fields(self)
