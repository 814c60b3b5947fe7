"""The options of mocks, each declared once: arguments of functions and options of commands derive from it."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from contract_first.service.http.origins import normal_origins
from contract_first.signatures import Flag, read_fields

if TYPE_CHECKING:
    from contract_first.contract import Contract

    from .journal.journal import Journal

HOST = "127.0.0.1"
Log: TypeAlias = "Callable[[Journal], AbstractContextManager[object]]"
"""Returns a context manager that logs a journal's exchanges while it is open."""
Mode = Literal["on", "warn", "off"]
MOST_ITEMS = 100
"""In a generated list."""
HOST_FLAG = Flag("ADDRESS", default=HOST, alone=HOST)


def port_flag(port: int) -> Flag:
    """Return the flag of a server's port; in Python and beside ``exec`` it is a free one by default."""
    return Flag("PORT", default=f"{port}; for exec 0", alone=port, minimum=0, maximum=65535)


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
        faults: activate the faults in this JSON, YAML or TOML file at start.
        control_token: token for the control API below /_mock/; without one, only this machine has access.
        control_origins: origin, such as http://localhost:5173, whose pages may use the control API without a
            token.
        seed: seed of ids, random faults and generated values: the same requests get the same responses.
        tls: serve HTTPS, with certificates of a local authority.
        ca: folder that keeps the local authority, so that you trust it once; implies --tls.
        trust_proxy: take the host of URLs from X-Forwarded-Host and X-Forwarded-Proto.
        log: returns a context manager for the time that the mock runs, such as an `ExchangeLog`.
    """

    faults: Annotated[Path | None, Flag()] = None
    control_token: Annotated[str | None, Flag("TOKEN", variable="MOCK_CONTROL_TOKEN")] = None
    control_origins: Annotated[
        Sequence[str], Flag("ORIGIN", normal_origins, names=("--control-origin",))
    ] = ()
    seed: Annotated[int, Flag()] = 0
    tls: Annotated[bool, Flag()] = False
    ca: Annotated[Path | None, Flag("DIR", default="a new one")] = None
    trust_proxy: Annotated[bool, Flag()] = False
    log: "Log | None" = None

    def __post_init__(self) -> None:
        read_fields(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiOptions(ServerOptions):
    """The options of mocks of APIs.

    Attributes:
        public_url: URL by which all clients reach the API.
        overrides: override responses as this JSON, YAML or TOML file says; it is read again when it changes.
        strict_overrides: refuse overrides whose responses violate the contract.
        upstream: server that responds to requests that no override is for.
        forward: operation that --upstream responds to, in place of all.
        mock_on: status of the upstream's for which the mock responds in its place.
        replay: respond as this recording has it, of proxy --record or a HAR, to the same requests.
        match_header: header that requests have in common with those of --replay.
        match_body: member of the body, by JSON pointer, that they have in common, in place of all of it.
        unrecorded: response to what --replay does not have: the mock's, or 404.
        prefer_first: follow `Prefer` even where the request violates the contract.
        isolate: give each scope (X-Mock-Scope, or paths below /_scope/NAME/) items and a clock of its own.
        data: folder that keeps all state across restarts.
        tell: called with a sentence for people, such as that a contract has been loaded again.
    """

    public_url: Annotated[str | None, Flag("URL", base_url, "the host that a request came to")] = None
    overrides: Annotated[Path | None, Flag()] = None
    strict_overrides: Annotated[bool, Flag()] = False
    upstream: Annotated[str | None, Flag("URL", base_url)] = None
    forward: Annotated[Sequence[str], Flag("OPERATION")] = ()
    mock_on: Annotated[Sequence[int], Flag("STATUS", statuses)] = ()
    replay: Annotated[Path | None, Flag()] = None
    match_header: Annotated[Sequence[str], Flag("NAME")] = ()
    match_body: Annotated[Sequence[str], Flag("POINTER")] = ()
    unrecorded: Annotated[Literal["mock", "404"], Flag()] = "mock"
    prefer_first: Annotated[bool, Flag()] = False
    isolate: Annotated[bool, Flag()] = False
    data: Annotated[Path | None, Flag("DIR")] = None
    tell: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class MockOptions(ApiOptions):
    """The options of the mock of a contract.

    Attributes:
        contract: an OpenAPI document as a `Contract`, or the path or URL of one; several of them for as many
            services, in a list or by name.
        host: address to listen on; beyond loopback others can use the mock.
        port: port of the API; 0 takes a free one.
        locale: locale of generated names, addresses and texts, such as de_DE; needs the extra `locales`.
        keep_going: of several contracts, serve those that can be read.
        watch: reload the contract when its file changes.
        validate_requests: refuse requests that violate the contract, or respond all the same: with a header
            that says what is wrong, or without.
        formats: as --validate-requests, for requests that violate only a `format`.
        errors: respond with an error where an example violates its schema, instead of repairing it.
        handlers: package whose functions handle operations, importable from the current folder; it is loaded
            again when it changes. In Python also the package itself, or functions by name; they may ask for
            ``state``, a dictionary, and ``clock``.
        stateful: store what is created, changed and deleted, as the real API does.
        items: number of items in generated lists, with which the collections of --stateful begin; 0 begins
            empty.
        collections: correct the recognised collections by the table [collections] of this TOML file.
        s3: run an S3 beside, with the options of the table [s3] of this TOML file. In Python these,
            by the names of `strict_s3.options.Options`.
        users: let the users of the table [users] of this TOML file log in, by their passwords.
        strict_tokens: refuse tokens in ``Authorization`` that no user has: 401.
        stream_interval: seconds between the items of event streams, JSON Lines and JSON text sequences.
        seed_data: JSON or YAML file of items that exist at start: lists by the path of their collection.
        offline: fetch no URL that the contract refers to.
        references: JSON file that caches what such URLs hold: with it, a later start fetches nothing.
        root: read the contract from this folder alone, and no URL.
        strict: refuse a contract that is not valid, instead of repairing it; require ``readOnly``
            members of requests, too.
        authentication: require credentials where the contract does; any non-empty one is accepted.
    """

    contract: "Contract | Path | str | Sequence[Contract | Path | str] | Mapping[str, Any]"
    host: Annotated[str, HOST_FLAG] = HOST
    port: Annotated[int, port_flag(8000)] = 0
    _: KW_ONLY
    locale: Annotated[str, Flag("NAME", default="English, of several countries")] = ""
    keep_going: Annotated[bool, Flag()] = False
    watch: Annotated[bool, Flag()] = False
    validate_requests: Annotated[Mode, Flag()] = "on"
    formats: Annotated[Mode, Flag()] = "on"
    errors: Annotated[bool, Flag()] = False
    handlers: Annotated[Any, Flag("PACKAGE", kind=str | None)] = None
    stateful: Annotated[bool, Flag()] = False
    items: Annotated[int, Flag("N", minimum=0, maximum=MOST_ITEMS)] = 3
    collections: Annotated[Path | None, Flag()] = None
    s3: Annotated[Mapping[str, Any] | None, Flag(default="none", kind=Path | None)] = None
    users: Annotated[Path | None, Flag(default="four, with any password")] = None
    strict_tokens: Annotated[bool, Flag()] = False
    stream_interval: Annotated[float, Flag("SECONDS")] = 0.0
    seed_data: Annotated[Path | None, Flag()] = None
    offline: Annotated[bool, Flag()] = False
    references: Annotated[Path | None, Flag()] = None
    root: Annotated[Path | None, Flag("DIR")] = None
    strict: bool = False
    authentication: bool = True

    @property
    def stores(self) -> bool:
        """Whether items are stored."""
        return bool(self.stateful or self.seed_data or self.data)
