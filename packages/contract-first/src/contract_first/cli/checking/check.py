"""``check``: whether a deployment conforms to its contract."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from contract_first.check import Credentials
from contract_first.check.credentials import (
    SAFE_LENGTH,
    empty_variables,
    from_environment,
    from_file,
    header_fields,
)
from contract_first.check.oauth2 import ClientCredentials
from contract_first.cli.commands import (
    HTML,
    JSON,
    PROPOSE,
    Overlays,
    Sarif,
    Strict,
    file,
    flag,
    option,
    read_by,
    require_extra,
    takes,
    texts,
)
from contract_first.cli.reading import follows_references
from contract_first.contract import Contract as ContractDocument

from .configuration import Configuration, Option

Fallback = Callable[[], ContractDocument | None]
Preset = Callable[[], Mapping[str, Any]]
"""Returns arguments of `Checking`: the checks that an application adds."""
PHASES = "examples", "coverage", "fuzzing", "stateful"
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def _phases(names: list[str]) -> tuple[str, ...]:
    """Return phases; all where none is named."""
    if unknown := [name for name in names if name not in PHASES]:
        raise ValueError(f"There is no phase {unknown[0]!r}; expected one of {', '.join(PHASES)}.")
    return tuple(names) or PHASES


URL = Annotated[
    str, typer.Argument(help="Base URL of the API; not needed with --from-har.", show_default=False)
]
CREDENTIALS = {
    "api_key": "API key",
    "other_api_key": "API key of another organization",
    "bearer": "Bearer token",
    "basic": "USER:PASSWORD for Basic authentication",
    "cookie": "Cookie, value or name=value",
}
OPTIONS = {
    "config": Option,
    "contract": option(
        str | None,
        "Contract: JSON or YAML, a file or a URL; by default URL/openapi.json{else_default}.",
        metavar="FILE|URL",
    ),
    "overlays": Overlays,
    "strict": Strict,
    "from_har": file("Validate the traffic recorded in a HAR file instead; send no requests."),
    **{
        name: option(str | None, f"{what}; or set ${{variables}}_{name.upper()}.")
        for name, what in CREDENTIALS.items()
    },
    "header": option(
        list[str] | None,
        "Header field 'Name: value' for each request; repeatable; or set ${variables}_HEADERS (lines).",
        metavar="FIELD",
    ),
    "credentials": file("TOML file with api_key, other_api_key, bearer, basic, cookie and a table headers."),
    "propose": PROPOSE,
    "read_only": flag("Send safe requests only: no writes, no uploads."),
    "budget": option(str, "How long to keep testing, such as 60s or 5m.", default="", metavar="TIME"),
    "max_examples": option(int, "Generated requests per operation.", default=100, min=1),
    "seed": option(int | None, "Repeat the run that reported this seed.", min=0),
    "only": texts(
        "Check only this operation: operationId, its end, or 'METHOD /path'", "NAME", "--operation"
    ),
    "phases": texts(
        f"Phase of generated requests to run, of {', '.join(PHASES)}; all by default",
        "NAME",
        "--phase",
        callback=read_by(_phases),
    ),
    "examples_only": flag(
        "Send the documented examples of requests and nothing else; findings have their names."
    ),
    "rate": option(str, "Most requests, such as 5/s or 100/m.", default="", metavar="RATE"),
    "request_timeout": option(
        float, "How long to wait for a response.", default=30, metavar="SECONDS", min=0.1
    ),
    "max_response_time": option(
        float, "Seconds after which a response is a finding.", default=0, metavar="SECONDS", min=0
    ),
    "own_checks": file("Python file that defines checks of your own.", "--checks"),
    "fail_on": option(
        Literal["critical", "high", "medium", "low"] | None, "Least severity of a finding that fails the run."
    ),
    "min_coverage": option(
        int,
        "Fail if less of the contract's operations, statuses and parameters is exercised.",
        default=0,
        metavar="PERCENT",
        min=0,
        max=100,
    ),
    "upload_hosts": texts(
        "Host that uploads may go to, besides the API's own and Amazon S3's", "NAME", "--upload-host"
    ),
    "resume": file("Save progress in this file, and continue from it if it exists."),
    "junit": file("Write the report as JUnit XML."),
    "html": HTML,
    "har": file("Write the exchanges as HAR, secrets masked and bodies cut."),
    "har_bodies": flag("Write bodies of any size into the HAR file."),
    "json": JSON,
    "sarif": Sarif,
    "markdown": file("Write the report as Markdown, such as for a job's summary."),
    "baseline": file("List the findings of this file apart, and do not fail for them."),
    "write_baseline": file("Write all findings into a baseline; those of --baseline keep their reasons."),
    "github": flag("Annotate findings for GitHub Actions.", envvar="GITHUB_ACTIONS"),
}


@follows_references
@takes(**OPTIONS)
def check(
    url: URL = "",
    *,
    strict: bool,
    from_har: Path | None,
    header: list[str] | None,
    credentials: Path | None,
    budget: str,
    fallback: Fallback = lambda: None,
    preset: Preset = dict,
    variables: str = "CHECK",
    else_default: str = "",  # noqa: ARG001 -- the help of --contract has it
    **options: Any,
) -> None:
    """Check whether a running API conforms to its OpenAPI contract.

    Schemathesis sends each operation examples, boundary values, generated data and sequences of calls; our
    own checks cover what no schema says. Credentials appear in no output; other users of this machine can see
    those given as options, so pass them in the environment or a file. An empty credential, such as a secret
    that the CI does not have, counts as missing: without another one the check does not run. To check
    anonymous access, unset the variable.

    Exit codes: 0 the API conforms, 1 it violates the contract, 2 the check could not run: wrong options, no
    response, or the extra `check` is missing.
    """
    propose = options.pop("propose")
    if propose is not None and from_har is None:
        raise typer.BadParameter("It needs recorded traffic, by --from-har.", param_hint="--propose")
    if not url and from_har is None:
        raise typer.BadParameter("Missing argument URL (not needed with --from-har).")
    require_extra("check")
    # of the extra, and they take a second
    from contract_first.check.checks import CHECKS  # noqa: PLC0415 -- the reason above
    from contract_first.check.checks.check import ResponseCheck, RunCheck  # noqa: PLC0415 -- the reason above
    from contract_first.check.checks.documented_examples import (  # noqa: PLC0415 -- the reason above
        DocumentedExamples,
    )
    from contract_first.check.run.checking import Checking  # noqa: PLC0415 -- the reason above
    from contract_first.check.run.plugins import checks_of, installed  # noqa: PLC0415 -- the reason above

    from .outputs import Outputs, require_folders, stated_failures  # noqa: PLC0415 -- the reason above

    config: Configuration = options.pop("config") or Configuration()
    outputs = Outputs(**{name: options.pop(name) for name in Outputs._fields})
    flags = {name: options.pop(name) for name in CREDENTIALS}
    options |= {name: tuple(options[name] or ()) for name in ("overlays", "only", "upload_hosts")}
    options["fail_on"] = options["fail_on"] or ""
    _keep_tables()
    with stated_failures():
        require_folders(*outputs[:7], propose, options["har"], options["resume"])
        options["rate"] = _rate(options["rate"])
        client = config.credentials.client(os.environ) if from_har is None else None
        settings = preset()
        path = options.pop("own_checks")
        further = (*installed(), *(checks_of(path) if path else ()))
        checks = (*settings.get("checks", CHECKS), *further)
        if options.pop("examples_only"):
            of_responses = [check for check in checks if issubclass(check, ResponseCheck)]
            checks = (
                *(check for check in of_responses if not issubclass(check, RunCheck)),
                DocumentedExamples,
            )
            options["phases"] = ()
        checking = Checking(
            url=url,
            lenient=not strict,
            strict=strict,
            credentials=_credentials(
                credentials, header or (), variables, config, client, required=from_har is None, **flags
            ),
            oauth2=client,
            excluded=config.exclude,
            severities=config.severities,
            budget=_seconds(budget),
            fallback=fallback(),
            **{"variables": variables, **options, **settings, "checks": checks},
        )
        report = (
            outputs.of_run(checking) if from_har is None else outputs.of_traffic(from_har, checking, propose)
        )
    raise typer.Exit(report.exit_code)


def _credentials(
    file: Path | None,
    fields: Iterable[str],
    variables: str,
    config: Configuration,
    client: ClientCredentials | None,
    *,
    required: bool,
    **flags: str | None,
) -> Credentials:
    """Return the credentials of the options, else of the environment, else of a file, else of a client.

    Raises:
        ValueError: an option is empty; or a variable is, and none of the others is given but required.
    """
    if empty := [name for name, value in flags.items() if value == ""]:
        raise ValueError(f"--{empty[0].replace('_', '-')} is empty. Leave it out to check without it.")
    options: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    merged = Credentials(**options, headers=header_fields(fields)).over(
        from_environment(os.environ, variables)
    )
    merged = merged.over(config.credentials.credentials(os.environ))
    merged = merged.over(from_file(file)) if file else merged
    merged = merged.over(Credentials.of_client(client)) if client else merged
    if required and not merged.can_call and (names := empty_variables(os.environ, variables)):
        raise ValueError(
            f"{' and '.join(names)} {'are' if names[1:] else 'is'} empty, and no other credential is given."
            " Unset it to check anonymous access."
        )
    for name in merged.short:
        typer.echo(
            f"The credential {name} has fewer than {SAFE_LENGTH} characters, and is masked only where it"
            " stands alone. Use a longer one.",
            err=True,
        )
    return merged


def _keep_tables() -> None:
    """Have Hypothesis keep its tables of characters in the user's cache, unless the environment says where.

    Otherwise it computes them for 1.5 s each time, or leaves them in the working directory.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError:  # a user without a home: Hypothesis goes on where there can be no folder
        cache = Path(os.devnull)
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache / "contract-check"))


def _rate(text: str) -> float:
    """Return the requests per second of a rate."""
    if not text:
        return 0.0
    match = re.fullmatch(r"([0-9]{1,6})(?:/(s|m|h))?", text)
    if match is None or not int(match[1]):
        raise ValueError(f"--rate is {text!r}; expected a number of requests such as 5/s, 100/m or 1000/h.")
    return int(match[1]) / SECONDS[match[2] or "s"]


def _seconds(budget: str) -> float | None:
    if not budget:
        return None
    match = re.fullmatch(r"([0-9]{1,6})(s|m|h|)", budget)
    if match is None or not int(match[1]):
        raise ValueError(f"--budget is {budget!r}; expected a time such as 60s, 5m or 1h.")
    return float(int(match[1]) * SECONDS[match[2]])
