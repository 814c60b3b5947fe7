"""The services of a mock: one contract at the root, or several, each below a path of its own."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from starlette.types import Scope

from contract_first.contract import Contract
from contract_first.contract.deployment import base_path_of
from contract_first.contract.reading.reading import read_document
from contract_first.service.messages.problems import NotFound

from .journal.recording import SERVICE_KEY
from .options import MockOptions
from .service import ReloadingService
from .state.scopes import PREFIX_KEY

Value = TypeVar("Value")
RESERVED: Final = ("/_mock", "/_scope")
TOKEN_URL: Final = Path(__file__).with_name("token_url.yaml")


@dataclass(frozen=True, slots=True)
class Service:
    """A contract and the path below which it is served; name and path are empty where it is the only one."""

    app: ReloadingService
    _: KW_ONLY
    name: str = ""
    path: str = ""

    def entered(self, scope: Scope) -> Scope:
        """Return the scope of a request as the service has it, mounted as ASGI says."""
        if not self.name:
            return scope
        root, prefix = scope.get("root_path", "") + self.path, scope.get(PREFIX_KEY, "") + quote(self.path)
        return {**scope, "root_path": root, PREFIX_KEY: prefix, SERVICE_KEY: self.name}


class Services:
    """The services of a mock by name; a path belongs to that with the longest path that it begins with."""

    def __init__(self, *services: Service) -> None:
        self._services = {service.name: service for service in services}
        self.names = tuple(self._services)
        self._longest = sorted(services, key=lambda service: -len(service.path))

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def at(self, path: str) -> Service:
        """Return the service that a path belongs to; raises NotFound."""
        for service in self._longest:
            if not service.path or path == service.path or path.startswith(f"{service.path}/"):
                return service
        places = ", ".join(f"{service.name} below {service.path}" for service in self)
        raise NotFound(f"No service is at this path; there are {places}.")

    def contract(self, name: str | None = None) -> Contract:
        """Return the contract of a service; raises as `of_service`."""
        return of_service(self._services, name).app.contract


def of_service(values: Mapping[str, Value], name: str | None) -> Value:
    """Return what a service has, which needs no name where it is the only one; raises NotFound."""
    if (name or "") not in values:
        raise NotFound(f"Expected ?service=NAME with one of {', '.join(values)}.")
    return values[name or ""]


def services_of(options: MockOptions) -> dict[str, MockOptions]:
    """Return the options of each service by its name, which is empty for a single contract.

    Raises:
        ValueError: two have one name, or one is none.
    """
    contract: Any = options.contract
    if isinstance(contract, Mapping):
        return {
            name: replace(options, **(value if isinstance(value, Mapping) else {"contract": value}))
            for name, value in contract.items()
        }
    if not isinstance(contract, Sequence) or isinstance(contract, str):
        return {"": options}
    services: dict[str, MockOptions] = {}
    for source in contract:
        name = name_of(source)
        if name in services:
            raise ValueError(
                f"Two services are named {name}: {services[name].contract} and {source}. {renamed(source)}"
            )
        services[name] = replace(options, contract=source)
    return services


def name_of(source: Any) -> str:
    """Return the name of the service of a contract: the stem of its file, as URLs can have it."""
    path = urlsplit(str(getattr(source, "source", source))).path
    return re.sub(r"[^A-Za-z0-9_-]+", "-", PurePosixPath(path).stem).strip("-") or "service"


def paths_of(contracts: Mapping[str, Contract]) -> dict[str, str]:
    """Return the path below which each of several contracts is served, by name.

    It is the base path of the first server, or the name where that is the root or another's as well.

    Raises:
        ValueError: a name is the base path of another.
    """
    bases = {name: base_path_of(contract.document) for name, contract in contracts.items()}
    if "" in contracts:
        return {"": ""}
    counts = Counter(bases.values())
    paths = {
        name: base if base and counts[base] == 1 and not base.startswith(RESERVED) else f"/{name}"
        for name, base in bases.items()
    }
    for name, path in paths.items():
        others = [other for other, base in bases.items() if base == paths[other] == path and other != name]
        if others and path != bases[name]:
            raise ValueError(
                f"The service {name} would be served below {path}, which is the base path of {others[0]} "
                f"({contracts[others[0]].source}). {renamed(contracts[name].source)}"
            )
    return paths


def renamed(source: object) -> str:
    """Return how to give the service of a contract another name."""
    return f'Give it another name in contract-first.toml:\n[services.OTHER]\ncontract = "{source}"'


def mounted(contract: Contract, path: str) -> Contract:
    """Return a contract with a path among the base paths of its servers, and operations at its token URLs."""
    base = base_path_of(contract.document)
    urls = _token_urls(contract, f"{base}/")
    changes: dict[str, Any] = {"paths": urls | contract.document["paths"]} if urls else {}
    if path not in {"", base}:
        changes["servers"] = [{"url": path}, *contract.document.get("servers", ())]
    return replace(contract, document={**contract.document, **changes}) if changes else contract


def _token_urls(contract: Contract, base: str) -> dict[str, Any]:
    """Return a Path Item Object by path for each ``tokenUrl`` of a ``password`` flow."""
    flows = (scheme.get("flows", {}).get("password", {}) for scheme in contract.security_schemes.values())
    urls = (urlsplit(urljoin(base, flow.get("tokenUrl", ""))) for flow in flows)
    paths = (url.path.removeprefix(base).strip("/") for url in urls)
    return {f"/{path}": read_document(str(TOKEN_URL)) for path in paths if path and "{" not in path}
