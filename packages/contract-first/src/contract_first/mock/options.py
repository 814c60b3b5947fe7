"""The options of mocks, each declared once: arguments of functions and options of commands derive from it.

A field with a `Flag` is an option of the command as well; the others are for Python alone.
"""

# ruff: noqa: RUF009 -- `option` and its kind return what declares a field

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

from contract_first.service.http.origins import normal_origins
from contract_first.signatures import read_fields

if TYPE_CHECKING:
    from contract_first.contract import Contract

    from .journal.journal import Journal

HOST = "127.0.0.1"
OFF = False
"""The default of options without a value."""
Log: TypeAlias = "Callable[[Journal], AbstractContextManager[object]]"
"""Returns a context manager that logs a journal's exchanges while it is open."""
Mode = Literal["on", "warn", "off"]
Default = TypeVar("Default")


class Flag(NamedTuple):
    """How a command takes an option.

    Attributes:
        help: the sentence that says what it is for.
        metavar: name of its value in help: DIR for a folder, PORT for a port.
        name: of the flag, where it is not that of the field.
        read: parses a value, on the command line a text; its ValueError is the message to the user.
        default: text of the default in help, where that is not its value.
        variable: of the environment, that has a value as well.
        kind: the type of the option, where it is not that of the field.
        alone: the value where neither option nor setting says; a port's is 0 beside ``exec``.
    """

    help: str
    metavar: str | None = None
    name: str = ""
    read: Callable[[Any], Any] | None = None
    default: str = ""
    variable: str | None = None
    kind: Any = None
    alone: str | int | None = None


def option(default: Default, /, *flag: Any, **named: Any) -> Default:
    """Return a field with a default and a `Flag`, whose arguments follow."""
    declared: Any = field(default=default, metadata={"flag": Flag(*flag, **named)})
    return declared  # type: ignore[no-any-return]  # what dataclasses read


def host_option() -> str:
    """Return the field of the address to listen on."""
    help_ = "Address to listen on; beyond loopback others can use the mock."
    return option(HOST, help_, "ADDRESS", default=HOST, alone=HOST)


def port_option(server: str, port: int) -> int:
    """Return the field of a server's port; in Python and beside ``exec`` it is a free one by default."""
    help_ = f"Port of {server}; 0 takes a free one."
    return option(0, help_, "PORT", default=f"{port}; for exec 0", alone=port)


def url_option(server: str, default: str) -> str | None:
    """Return the field of the URL by which all clients reach a server."""
    help_ = f"URL by which all clients reach {server}."
    return option(None, help_, "URL", read=base_url, default=default)


def statuses(texts: Sequence[Any]) -> Sequence[int]:
    """Return statuses of responses; raise ValueError for a text that is none."""
    numbers = [int(text) if re.fullmatch(r"[2-5]\d\d", str(text), re.ASCII) else 0 for text in texts]
    if 0 in numbers:
        raise ValueError(f"{texts[numbers.index(0)]} is not a status from 200 to 599.")
    return numbers


def base_url(text: str) -> str:
    """Return a base URL without a trailing slash; raise ValueError for any other text."""
    try:
        parts = urlsplit(text)
        is_complete = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{text} is not an http:// or https:// URL of a host, such as https://mock.test.")
    return text.rstrip("/")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerOptions:
    """The options of every mock.

    Attributes:
        log: returns a context manager for the time that the mock runs, such as an `ExchangeLog`.
    """

    faults: Path | None = option(None, "Activate the faults in this JSON, YAML or TOML file at start.")
    control_token: str | None = option(
        None,
        "Token for the control API below /_mock/; without one, only this machine has access.",
        "TOKEN",
        variable="MOCK_CONTROL_TOKEN",
    )
    control_origins: Sequence[str] = option(
        (),
        "Origin, such as http://localhost:5173, whose pages may use the control API without a token",
        "ORIGIN",
        "control-origin",
        normal_origins,
    )
    seed: int = option(
        0, "Seed of ids, random faults and generated values: the same requests get the same responses."
    )
    tls: bool = option(OFF, "Serve HTTPS, with certificates of a local authority.")
    ca: Path | None = option(
        None,
        "Folder that keeps the local authority, so that you trust it once; implies --tls.",
        "DIR",
        default="a new one",
    )
    trust_proxy: bool = option(OFF, "Take the host of URLs from X-Forwarded-Host and X-Forwarded-Proto.")
    log: "Log | None" = None

    def __post_init__(self) -> None:
        read_fields(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiOptions(ServerOptions):
    """The options of mocks of APIs.

    Attributes:
        tell: called with a sentence for people, such as that a contract has been loaded again.
    """

    public_url: str | None = url_option("the API", "the host that a request came to")
    overrides: Path | None = option(
        None, "Override responses as this JSON, YAML or TOML file says; it is read again when it changes."
    )
    strict_overrides: bool = option(OFF, "Refuse overrides whose responses violate the contract.")
    upstream: str | None = option(
        None, "Server that responds to requests that no override is for.", "URL", read=base_url
    )
    forward: Sequence[str] = option((), "Operation that --upstream responds to, in place of all", "OPERATION")
    mock_on: Sequence[int] = option(
        (), "Status of the upstream's for which the mock responds in its place", "STATUS", read=statuses
    )
    replay: Path | None = option(
        None, "Respond as this recording has it, of proxy --record or a HAR, to the same requests."
    )
    match_header: Sequence[str] = option(
        (), "Header that requests have in common with those of --replay", "NAME"
    )
    match_body: Sequence[str] = option(
        (), "Member of the body, by JSON pointer, that they have in common, in place of all of it", "POINTER"
    )
    unrecorded: Literal["mock", "404"] = option(
        "mock", "Response to what --replay does not have: the mock's, or 404."
    )
    prefer_first: bool = option(OFF, "Follow `Prefer` even where the request violates the contract.")
    isolate: bool = option(
        OFF,
        "Give each scope (X-Mock-Scope, or paths below /_scope/NAME/) items and a clock of its own.",
    )
    data: Path | None = option(None, "Folder that keeps all state across restarts.", "DIR")
    tell: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class MockOptions(ApiOptions):
    """The options of the mock of a contract.

    Attributes:
        contract: the contract, or the file or URL that it is in.
        strict: refuse a contract that is not valid, instead of repairing it; require ``readOnly``
            members of requests, too.
        authentication: require credentials where the contract does; any non-empty one is accepted.
    """

    contract: "Contract | Path | str"
    host: str = host_option()
    port: int = port_option("the API", 8000)
    _: KW_ONLY
    locale: str = option(
        "",
        "Locale of generated names, addresses and texts, such as de_DE; needs the extra `locales`.",
        "NAME",
        default="English, of several countries",
    )
    watch: bool = option(OFF, "Reload the contract when its file changes.")
    validate_requests: Mode = option(
        "on",
        "Refuse requests that violate the contract, or respond all the same: with a header that says "
        "what is wrong, or without.",
    )
    formats: Mode = option("on", "As --validate-requests, for requests that violate only a `format`.")
    errors: bool = option(
        OFF, "Respond with an error where an example violates its schema, instead of repairing it."
    )
    handlers: Any = option(
        None,
        "Package whose functions handle operations, importable from the current folder; it is loaded again "
        "when it changes.",
        "PACKAGE",
        kind=str | None,
    )
    stateful: bool = option(OFF, "Store what is created, changed and deleted, as the real API does.")
    stream_interval: float = option(
        0.0, "Seconds between the items of event streams, JSON Lines and JSON text sequences.", "SECONDS"
    )
    seed_data: Path | None = option(
        None, "JSON or YAML file of items that exist at start: lists by the path of their collection."
    )
    offline: bool = option(OFF, "Fetch no URL that the contract refers to.")
    references: Path | None = option(
        None, "JSON file that caches what such URLs hold: with it, a later start fetches nothing."
    )
    root: Path | None = option(None, "Read the contract from this folder alone, and no URL.", "DIR")
    strict: bool = False
    authentication: bool = True
