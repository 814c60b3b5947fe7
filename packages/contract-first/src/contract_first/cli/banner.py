"""The banner of a mock once it responds: its URLs, and a first command."""

import shlex
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlencode, urlsplit

import segno
from rich.console import Console
from rich.text import Text

from contract_first.contract import Contract, Operation
from contract_first.generation.requests import SampleRequest, Samples

ANY = "any"
"""A credential as good as any other."""
WIDEST = 30
"""Names of more characters are not aligned."""


def show(
    title: str,
    sections: Mapping[str, Mapping[str, str]],
    *notes: str,
    command: str = "",
    qr: str | None = None,
) -> None:
    """Print a banner; nothing that can be copied is broken into lines.

    Args:
        sections: rows by the heading above them, which may be empty; each has a name and what can be copied.
        qr: shown as a QR code, where there is a terminal to show it; None for nothing.
    """
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(title, "bold"))
    for heading, rows in sections.items():
        console.print()
        if heading:
            console.print(Text(heading, "bold"))
        width = max((len(name) for name in rows if len(name) <= WIDEST), default=0)
        for name, value in rows.items():
            console.print(Text.assemble(f"  {name:{width}}{'  ' if name else ''}", (value, "cyan")))
    if command:
        console.print()
        console.print(Text(command, "cyan"))
    if qr and console.is_terminal:
        console.print()
        segno.make(qr, micro=False).terminal(compact=True)
    console.print()
    for note in (*notes, "Ctrl-C ends it."):
        console.print(Text(note))


def reach_rows(lan: str | None, ca: str | None, control: str) -> dict[str, str]:
    """Return the URL for others in the network, and the certificate that clients are to trust, as rows.

    Args:
        lan: the URL for others; None if they cannot reach the mock.
        ca: file with the certificate; None without TLS.
        control: URL of the control API on this machine: it has the certificate, at its own port.
    """
    rows = {"network": lan, "CA": ca}
    if lan and ca:
        rows["CA for others"] = f"https://{urlsplit(lan).hostname}:{urlsplit(control).port}/_mock/ca.pem"
    return {name: value for name, value in rows.items() if value}


def trusting(command: str, ca: str | None) -> str:
    """Return a curl command that trusts an authority, if there is one."""
    return command if ca is None else command.replace("curl ", f"curl --cacert {shlex.quote(ca)} ", 1)


def operation_rows(contract: Contract) -> dict[str, str]:
    """Return the operations as rows: method and path, and the operationId."""
    return {
        f"{operation.method.upper():6} {operation.path}": operation.operation_id
        for operation in contract.operations
    }


def curl_of(contract: Contract, api: str) -> str:
    """Return a curl command for the operation that needs the fewest parameters, GET if there is one."""
    operations = sorted(contract.operations, key=_effort)
    samples = (Samples(contract).request(operation) for operation in operations)
    for sample in islice(filter(None, samples), 1):
        return shlex.join(["curl", *_arguments(sample, contract, api)])
    return ""


def _effort(operation: Operation) -> tuple[bool, int]:
    required = [parameter for parameter in operation.parameters if parameter.get("required")]
    return operation.method != "get", len(required)


def _arguments(sample: SampleRequest, contract: Contract, api: str) -> Iterator[str]:
    """Yield the arguments of curl: method, credentials, fields and body, and at the end the URL."""
    query = sample.query
    if sample.method != "GET":
        yield from ("-X", sample.method)
    for name in next(iter(sample.operation.security), ()):
        scheme = contract.security_schemes[name]
        if (scheme["type"], scheme.get("in")) == ("apiKey", "query"):
            query = [*query, (scheme["name"], ANY)]
        else:
            yield from _credential(scheme)
    for name, value in sample.fields.items():
        yield from ("-H", f"{name}: {value}")
    for name, (_, text, _) in sample.form:
        yield from ("-F", f"{name}={text}")
    if sample.content is not None and not sample.form:
        yield from ("-d", sample.content.decode("utf-8", "replace"))
    yield f"{api}{sample.target}{'?' if query else ''}{urlencode(query)}"


def _credential(scheme: Mapping[str, Any]) -> tuple[str, ...]:
    kind = str(scheme.get("scheme", "bearer"))
    if scheme["type"] == "apiKey":
        is_cookie = scheme["in"] == "cookie"
        return ("-b", f"{scheme['name']}={ANY}") if is_cookie else ("-H", f"{scheme['name']}: {ANY}")
    if scheme["type"] == "mutualTLS":
        return ()
    return (
        ("-u", f"{ANY}:{ANY}") if kind.lower() == "basic" else ("-H", f"Authorization: {kind.title()} {ANY}")
    )
