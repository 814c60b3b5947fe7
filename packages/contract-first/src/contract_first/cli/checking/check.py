"""``check``: whether a deployment conforms to its contract."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, NamedTuple

import typer

from contract_first.check import Credentials
from contract_first.check.credentials import (
    KINDS,
    SAFE_LENGTH,
    empty_variables,
    from_environment,
    from_file,
    header_fields,
)
from contract_first.check.run.options import CheckOptions
from contract_first.cli.commands import require_extra, takes
from contract_first.cli.options import options_of, record_of
from contract_first.cli.reading import follows_references
from contract_first.contract import Contract as ContractDocument
from contract_first.signatures import Flag

from .configuration import Configuration, Option
from .outputs import Outputs, require_folders, stated_failures

Fallback = Callable[[], ContractDocument | None]
Preset = Callable[[], Mapping[str, Any]]
"""Returns arguments of `Checking`: the checks that an application adds."""
URL = Annotated[
    str, typer.Argument(help="Base URL of the API; not needed with --from-har.", show_default=False)
]


class Inputs(NamedTuple):
    """What the command reads beside the options of a check.

    Attributes:
        from_har: validate the traffic recorded in a HAR file instead; send no requests.
        api_key: API key; or set ${variables}_API_KEY.
        other_api_key: API key of another organization; or set ${variables}_OTHER_API_KEY.
        bearer: bearer token; or set ${variables}_BEARER.
        basic: USER:PASSWORD for Basic authentication; or set ${variables}_BASIC.
        cookie: cookie, value or name=value; or set ${variables}_COOKIE.
        header: header field 'Name: value' for each request; or set ${variables}_HEADERS (lines).
        credentials: TOML file with api_key, other_api_key, bearer, basic, cookie and a table headers.
        propose: write what the traffic has and the contract lacks as an OpenAPI Overlay, for you to look
            through.
        examples_only: send the documented examples of requests and nothing else; findings have their names.
        own_checks: Python file that defines checks of your own.
    """

    from_har: Annotated[Path | None, Flag()] = None
    api_key: Annotated[str | None, Flag()] = None
    other_api_key: Annotated[str | None, Flag()] = None
    bearer: Annotated[str | None, Flag()] = None
    basic: Annotated[str | None, Flag()] = None
    cookie: Annotated[str | None, Flag()] = None
    header: Annotated[Sequence[str], Flag("FIELD")] = ()
    credentials: Annotated[Path | None, Flag()] = None
    propose: Annotated[Path | None, Flag()] = None
    examples_only: Annotated[bool, Flag()] = False
    own_checks: Annotated[Path | None, Flag(names=("--checks",))] = None


@follows_references
@takes(config=Option, **options_of(CheckOptions), **options_of(Inputs), **options_of(Outputs))
def check(
    url: URL = "",
    *,
    config: Configuration | None,
    fallback: Fallback = lambda: None,
    preset: Preset = dict,
    variables: str = "CHECK",
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
    began = monotonic()
    config, inputs, outputs = (
        config or Configuration(),
        record_of(Inputs, options),
        record_of(Outputs, options),
    )
    if inputs.propose is not None and inputs.from_har is None:
        raise typer.BadParameter("It needs recorded traffic, by --from-har.", param_hint="--propose")
    if not url and inputs.from_har is None:
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

    _keep_tables()
    with stated_failures():
        require_folders(*outputs[:7], inputs.propose, options["har"])
        client = None if inputs.from_har else config.credentials.client(os.environ)
        settings = preset()
        further = checks_of(inputs.own_checks) if inputs.own_checks else ()
        checks = (*settings.get("checks", CHECKS), *installed(), *further)
        if inputs.examples_only:
            of_responses = [check for check in checks if issubclass(check, ResponseCheck)]
            checks = (
                *(check for check in of_responses if not issubclass(check, RunCheck)),
                DocumentedExamples,
            )
            settings = {**settings, "phases": ()}
        settings = {
            "variables": variables,
            "credentials": _credentials(inputs, variables, config, is_client=client is not None),
            "oauth2": client,
            "excluded": config.exclude,
            "severities": config.severities,
            "fallback": fallback(),
            **settings,
            "checks": checks,
            "began": began,
        }
        checking = record_of(Checking, options, url=url, lenient=not options["strict"], **settings)
        report = (
            outputs.of_traffic(inputs.from_har, checking, inputs.propose)
            if inputs.from_har
            else outputs.of_run(checking)
        )
    raise typer.Exit(report.exit_code)


def _credentials(inputs: Inputs, variables: str, config: Configuration, *, is_client: bool) -> Credentials:
    """Return the credentials of the options, else of the environment, else of a file.

    Args:
        is_client: whether a client is given, who asks for a token.

    Raises:
        ValueError: an option is empty; or a variable is, and none of the others is given but required.
    """
    options: dict[str, Any] = {name: value for name in KINDS if (value := getattr(inputs, name)) is not None}
    if empty := [name for name, value in options.items() if value == ""]:
        raise ValueError(f"--{empty[0].replace('_', '-')} is empty. Leave it out to check without it.")
    merged = Credentials(**options, headers=header_fields(inputs.header, "--header")).over(
        from_environment(os.environ, variables)
    )
    merged = merged.over(config.credentials.credentials(os.environ))
    merged = merged.over(from_file(inputs.credentials)) if inputs.credentials else merged
    can_call = is_client or merged.can_call or inputs.from_har is not None
    if not can_call and (names := empty_variables(os.environ, variables)):
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
