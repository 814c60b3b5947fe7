"""``check``: whether a deployment conforms to its contract."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from openapi_check import Credentials
from openapi_check.credentials import empty_variables, from_environment, from_file, header_fields
from openapi_contract import Contract as ContractDocument
from openapi_contract.cli.commands import Overlays, Strict, require_extra

from . import Html, Json

Fallback = Callable[[], ContractDocument | None]
Preset = Callable[[], Mapping[str, Any]]
"""Returns arguments of `Checking`: the checks of an API of one's own."""
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}

URL = Annotated[
    str, typer.Argument(help="Base URL of the API; not needed with --from-har.", show_default=False)
]
Contract = Annotated[
    Path | None,
    typer.Option("--contract", help="Contract in JSON or YAML; by default URL/openapi.json{else_default}."),
]
ApiKey = Annotated[
    str | None, typer.Option("--api-key", help="API key; or set ${variables}_API_KEY.", show_default=False)
]
OtherApiKey = Annotated[
    str | None,
    typer.Option(
        "--other-api-key",
        help="API key of another organization; or set ${variables}_OTHER_API_KEY.",
        show_default=False,
    ),
]
Bearer = Annotated[
    str | None, typer.Option("--bearer", help="Bearer token; or set ${variables}_BEARER.", show_default=False)
]
Cookie = Annotated[
    str | None,
    typer.Option(
        "--cookie", help="Cookie, value or name=value; or set ${variables}_COOKIE.", show_default=False
    ),
]
Header = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        help="Header field 'Name: value' for each request; repeatable; or set ${variables}_HEADERS (lines).",
    ),
]
CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        "--credentials", help="TOML file with api_key, other_api_key, bearer, cookie and a table headers."
    ),
]
FromHar = Annotated[
    Path | None,
    typer.Option("--from-har", help="Validate the traffic recorded in a HAR file instead; send no requests."),
]
ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Send safe requests only: no writes, no uploads.")
]
Budget = Annotated[
    str, typer.Option("--budget", help="How long to keep testing, such as 60s or 5m.", show_default=False)
]
MaxExamples = Annotated[int, typer.Option("--max-examples", min=1, help="Generated requests per operation.")]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="Repeat the run that reported this seed.", show_default=False),
]
OnlyOperation = Annotated[
    list[str] | None,
    typer.Option(
        "--operation", help="Check only this operation: operationId, its end, or 'METHOD /path'; repeatable."
    ),
]
UploadHost = Annotated[
    list[str] | None,
    typer.Option(
        "--upload-host",
        help="Host that uploads may go to, besides the API's own and Amazon S3's; repeatable.",
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option("--resume", help="Save progress in this file, and continue from it if it exists."),
]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write the report as JUnit XML.")]
Har = Annotated[Path | None, typer.Option("--har", help="Write the exchanges as HAR, secrets masked.")]
Github = Annotated[
    bool, typer.Option("--github", help="Annotate findings for GitHub Actions.", envvar="GITHUB_ACTIONS")
]


def check(  # noqa: PLR0913 -- an option each
    url: URL = "",
    *,
    contract: Contract = None,
    overlay: Overlays = None,
    strict: Strict = False,
    from_har: FromHar = None,
    api_key: ApiKey = None,
    other_api_key: OtherApiKey = None,
    bearer: Bearer = None,
    cookie: Cookie = None,
    header: Header = None,
    credentials: CredentialsFile = None,
    read_only: ReadOnly = False,
    budget: Budget = "",
    max_examples: MaxExamples = 100,
    seed: Seed = None,
    operation: OnlyOperation = None,
    upload_host: UploadHost = None,
    resume: Resume = None,
    junit: Junit = None,
    html: Html = None,
    har: Har = None,
    json: Json = None,
    github: Github = False,
    fallback: Fallback = lambda: None,
    preset: Preset = dict,
    variables: str = "CHECK",
    else_default: str = "",  # noqa: ARG001 -- the help of --contract has it
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
    if not url and from_har is None:
        raise typer.BadParameter("Missing argument URL (not needed with --from-har).")
    require_extra("check")
    # of the extra, and they take a second
    from openapi_check.run.checking import Checking  # noqa: PLC0415 -- the reason above

    from .outputs import Outputs, require_folders, stated_failures  # noqa: PLC0415 -- the reason above

    outputs = Outputs(junit=junit, html=html, json=json, annotations=github)
    with stated_failures(), _hypothesis_elsewhere():
        require_folders(junit, html, har, json, resume)
        checking = Checking(
            url=url,
            contract=contract,
            overlays=tuple(overlay or ()),
            lenient=not strict,
            credentials=_credentials(
                credentials,
                header or (),
                variables,
                required=from_har is None,
                api_key=api_key,
                other_api_key=other_api_key,
                bearer=bearer,
                cookie=cookie,
            ),
            read_only=read_only,
            budget=_seconds(budget),
            max_examples=max_examples,
            seed=seed,
            only=tuple(operation or ()),
            upload_hosts=tuple(upload_host or ()),
            resume=resume,
            har=har,
            fallback=fallback(),
            **{"variables": variables, **preset()},
        )
        report = outputs.of_run(checking) if from_har is None else outputs.of_traffic(from_har, checking)
    raise typer.Exit(report.exit_code)


def _credentials(
    file: Path | None, fields: Iterable[str], variables: str, *, required: bool, **flags: str | None
) -> Credentials:
    """Return the credentials of the options, else of the environment, else of a file.

    Raises:
        ValueError: an option is empty; or a variable is, and none of the others is given but required.
    """
    if empty := [name for name, value in flags.items() if value == ""]:
        raise ValueError(f"--{empty[0].replace('_', '-')} is empty. Leave it out to check without it.")
    options = {name: value for name, value in flags.items() if value is not None}
    shown = Credentials(**options, headers=header_fields(fields)).over(
        from_environment(os.environ, variables)
    )
    shown = shown.over(from_file(file)) if file else shown
    if required and not shown.can_call and (names := empty_variables(os.environ, variables)):
        raise ValueError(
            f"{' and '.join(names)} {'are' if names[1:] else 'is'} empty, and no other credential is given."
            " Unset it to check anonymous access."
        )
    return shown


@contextmanager
def _hypothesis_elsewhere() -> Iterator[None]:
    """Keep Hypothesis's caches out of the working directory, unless the environment says where they go."""
    with TemporaryDirectory(prefix="contract-check-") as folder:
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", folder)
        yield


def _seconds(budget: str) -> float | None:
    if not budget:
        return None
    found = re.fullmatch(r"([0-9]{1,6})(s|m|h|)", budget)
    if found is None or not int(found[1]):
        raise ValueError(f"--budget is {budget!r}; expected a time such as 60s, 5m or 1h.")
    return float(int(found[1]) * SECONDS[found[2]])
