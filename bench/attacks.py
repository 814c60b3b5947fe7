"""What clients without a credential, or with one of `serve`, can do to a server: memory, and others' waits.

Each attack is bounded in bytes, connections and seconds, and goes to loopback alone.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from servers import AWS, PEERS, SESSIONS, UVICORN, Server, running

from scanner_mocks import seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Address = tuple[str, int]
    Attack = Callable[[Address, "Requests", float], None]

MEBIBYTE = 1024 * 1024
GOAL_MEBIBYTES = 64
GOAL_TIMES = 3
"""Of the p99 of others while a core is busy and nobody attacks."""
GOAL_P50 = 50
ADDRESSES = 12
WARM_SECONDS = 0.5
PROBE_SECONDS = 0.005
PROBE_TIMEOUT = 10
COLUMNS = (
    *("server", "attack", "MiB above idle", "idle p99 ms"),
    *("p50", "p99", "x idle", "CPU p99", "misses"),
)
SERVERS = ("serve", "mock", "stateful", "any mock", "proxy", "s3", "contract")
"""The last is the mock of a contract with XML and formats."""
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
CREDENTIAL = "AKIDATTACKS:not-a-secret"
OBJECT_BYTES = 16 * MEBIBYTE
ORDERS = Path(__file__).parent / "orders.yaml"
ITEMS, ITEM_BYTES = 33, 3_900_000
"""That a mock remembers."""
NOTE = {"type": "object", "properties": {"id": {"type": "integer"}, "text": {"type": "string"}}}


def _operation(name: str, status: str, schema: object, **rest: object) -> dict[str, object]:
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    return {"operationId": name, "responses": {status: response}, **rest}


NOTES = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "paths": {
        "/notes": {
            "get": _operation("list_notes", "200", {"type": "array", "items": NOTE}),
            "post": _operation(
                "create_note", "201", NOTE, requestBody={"content": {"application/json": {"schema": NOTE}}}
            ),
        },
        "/notes/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": _operation("get_note", "200", NOTE),
        },
    },
}
"""A contract whose items are as large as clients make them, and whose lists have no pages."""


class Requests(NamedTuple):
    """What attacks send to a server: a request with a large response, and heads of requests with bodies.

    Attributes:
        body: head of one without a credential.
        keyed: of one with a credential, where the server has any; it takes JSON, or an object.
        form: of one that takes a form with a file.
        before_file: what is before the file's bytes in it.
        read: of one that takes a document.
        documents: bodies that cost more than their size, by the name of the attack.
    """

    large: bytes
    body: bytes
    keyed: bytes
    form: bytes
    before_file: bytes
    read: bytes
    documents: Mapping[str, bytes]


DOCUMENTS = {
    "many empty arrays": b"[" + b"[]," * 1_300_000 + b"0]",
    "250,000 members": b"{" + b",".join(b'"%06d":0' % number for number in range(250_000)) + b"}",
    "500,000 levels": b"[" * 500_000,
    "a number of 3,900,000 digits": b"0." + b"1" * 3_900_000,
}
XML_DOCUMENTS = {
    name: b"<CompleteMultipartUpload>" + content
    for name, content in {
        "many empty arrays": b"<Part/>" * 550_000,
        "250,000 members": b"<Part><ETag>a</ETag></Part>" * 125_000,
        "500,000 levels": b"<a>" * 500_000,
        "a number of 3,900,000 digits": b"<Part><PartNumber>" + b"1" * 3_900_000,
    }.items()
}
"""What S3 reads instead of JSON."""
FORMATS = ("idn-hostname", "ipv6", "regex", "byte")
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Attacked", "version": "1"},
    "paths": {
        f"/{name}": {
            "post": {
                "requestBody": {"content": {media_type: {"schema": schema}}},
                "responses": {"204": {"description": "Read."}},
            }
        }
        for name, media_type, schema in (
            ("xml", "application/xml", {"type": "object"}),
            *((name, "application/json", {"type": "string", "format": name}) for name in FORMATS),
        )
    },
}
ATTRIBUTES = "".join(f" a{number}=''" for number in range(300_000))
XML_BODIES = {
    "300,000 attributes": f"<a{ATTRIBUTES}/>".encode(),
    "150,000 attributes in UTF-16": f"<a{ATTRIBUTES[:1_800_000].rpartition(' ')[0]}/>".encode("utf-16"),
    "300,000 namespaces": f"<a{ATTRIBUTES.replace(' a', ' xmlns:a')}/>".encode(),
    "160,000 tags of four attributes": b"<a>" + b"<b c='' d='' e='' f=''/>" * 160_000 + b"</a>",
    "950,000 elements": b"<a>" + b"<b/>" * 950_000 + b"</a>",
    "480,000 elements with text": b"<a>" + b"<b>1</b>" * 480_000 + b"</a>",
}
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
FORM = "Content-Type: multipart/form-data; boundary=x\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"b" * 65_536 + b"\r\n"


def send(address: Address, beginning: bytes, piece: bytes, most_bytes: int, until: float) -> None:
    """Send a beginning, then a piece again and again, reading nothing; reconnect when cut off."""
    sent = 0
    while sent < most_bytes and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(address, timeout=1) as connection:
            connection.sendall(beginning)
            while sent < most_bytes and time.monotonic() < until:
                sent += len(piece)
                try:
                    connection.sendall(piece)
                except TimeoutError:  # the server has stopped reading
                    time.sleep(max(0, until - time.monotonic()))
            connection.recv(1)


def send_at_once(address: Address, count: int, *what: Any) -> None:
    """Send by so many threads."""
    threads = [threading.Thread(target=send, args=(address, *what), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def read_at_once(address: Address, count: int, request: bytes, until: float) -> None:
    """Send a request by so many threads, and read its response, again and again."""

    def read() -> None:
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(address, timeout=1) as connection:
                connection.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                while connection.recv(65_536):
                    pass

    threads = [threading.Thread(target=read, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hold(address: Address, count: int, beginning: bytes, piece: bytes, until: float) -> None:
    """Hold connections from twelve addresses, read nothing, and send a piece on each now and then."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with contextlib.ExitStack() as stack:
        connections = []
        for number in range(count):
            if time.monotonic() > until:
                break
            with contextlib.suppress(OSError):
                source = f"127.0.0.{2 + number % ADDRESSES}", 0
                connection = stack.enter_context(socket.create_connection(address, 1, source))
                connections.append(connection)
                connection.sendall(beginning)
        while time.monotonic() < until:
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.sendall(piece)
            time.sleep(0.5)


def _request(head: bytes, body: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _document(name: str) -> Attack:
    return lambda address, requests, until: send(
        address, b"", _request(requests.read, requests.documents[name]), 100 * MEBIBYTE, until
    )


ATTACKS: dict[str, Attack] = {
    "150 MiB of short header fields": lambda address, _requests, until: send(
        address, HEAD, b"a: b\r\n" * 10_000, 150 * MEBIBYTE, until
    ),
    "one endless header field": lambda address, _requests, until: send(
        address, HEAD + b"a: ", b"b" * 65_536, 150 * MEBIBYTE, until
    ),
    "heads of 60 KiB on 3,000 connections": lambda address, _requests, until: hold(
        address, 3000, HEAD + b"a: " + b"b" * 60_000, b"", until
    ),
    "18 MiB of pipelined requests, unread": lambda address, _requests, until: send(
        address, b"", (HEAD + b"\r\n") * 1000, 18 * MEBIBYTE, until
    ),
    "240 KiB of pipelined requests on 500 connections": lambda address, requests, until: hold(
        address, 500, requests.large * 3 + (HEAD + b"\r\n") * 5500, b"", until
    ),
    "1,200 idle connections": lambda address, _requests, until: hold(address, 1200, b"", b"", until),
    "200 slow heads": lambda address, _requests, until: hold(address, 200, HEAD, b"a: b\r\n", until),
    "200 slow bodies": lambda address, requests, until: hold(
        address, 200, requests.body + b"Content-Length: 100000\r\n\r\n", b" ", until
    ),
    "120 bodies of 4 MiB, withheld": lambda address, requests, until: hold(
        address,
        120,
        requests.keyed + b"Content-Length: 4194304\r\n\r\n" + bytes(4 * MEBIBYTE - 1000),
        b"",
        until,
    ),
    "24 bodies of 16 MiB, withheld": lambda address, requests, until: hold(
        address,
        24,
        requests.keyed + b"Content-Length: 16777216\r\n\r\n" + bytes(16 * MEBIBYTE - 1000),
        b"",
        until,
    ),
    "3,000 bodies of 64 KiB, withheld": lambda address, requests, until: hold(
        address, 3000, requests.keyed + b"Content-Length: 65537\r\n\r\n" + bytes(65_536), b"", until
    ),
    "400 files of 1 MiB in forms, withheld": lambda address, requests, until: hold(
        address,
        400,
        requests.form + b"Content-Length: 4194304\r\n\r\n" + requests.before_file + bytes(MEBIBYTE - 1000),
        b"",
        until,
    ),
    "an endless chunked body": lambda address, requests, until: send(
        address, requests.keyed + CHUNKED, CHUNK, 150 * MEBIBYTE, until
    ),
    "one-byte chunks on four connections": lambda address, requests, until: send_at_once(
        address, 4, requests.keyed + CHUNKED, b"1\r\nb\r\n" * 10_000, 50 * MEBIBYTE, until
    ),
    **{f"documents of {name}": _document(name) for name in DOCUMENTS},
    "large lists by eight clients": lambda address, requests, until: read_at_once(
        address, 8, requests.large, until
    ),
    "300 clients that never read": lambda address, requests, until: hold(
        address, 300, requests.large * 100, b"", until
    ),
}


def _body(path: str, media_type: str, body: bytes) -> Attack:
    request = _request(_head("POST", path, f"Content-Type: {media_type}\r\n"), body)
    return lambda address, _requests, until: send(address, b"", request, 100 * MEBIBYTE, until)


def attacks_on(name: str) -> dict[str, Attack]:
    """Return the attacks on a kind of server."""
    if name != "contract":
        return ATTACKS
    return {
        **{f"XML of {title}": _body("/xml", "application/xml", body) for title, body in XML_BODIES.items()},
        **{
            f"{format_} of 3,900,000 characters": _body(
                f"/{format_}", "application/json", b'"%b"' % (b"1." * 1_950_000)
            )
            for format_ in FORMATS
        },
    }


def prepared(server: Server, url: str) -> Requests:
    """Return what attacks send to a server; S3 gets an object to be read, and forms."""
    if server.name == "s3":
        return _prepared_s3(url)
    if server.name == "stateful":
        return _prepared_stateful(url)
    if server.name == "any mock":
        return _requests("/orders", "PUT", "/orders/1/photo", b"")
    key = b""
    if server.name == "serve":
        made = (server.command[0], "keys", "create", "--quiet", "--new-organization", url)
        environment = os.environ | server.environment
        key = subprocess.run(made, env=environment, capture_output=True, check=True).stdout.strip()
    elif server.name == "mock":
        key = seeds.UNLIMITED_KEY.encode()
    credential = b"X-API-Key: %b\r\n" % key if key else b""
    return _requests(SESSIONS, "POST", "/scanner/api/v1/captures/upload-image", credential)


def _requests(target: str, form_method: str, form_target: str, credential: bytes) -> Requests:
    body = _head("POST", target, "Content-Type: application/json\r\n")
    form = _head(form_method, form_target, FORM) + credential
    large, keyed = _head("GET", "/openapi.json", "\r\n"), body + credential
    return Requests(large, body, keyed, form, FILE, keyed, DOCUMENTS)


def _head(method: str, target: str, fields: str, host: str = "localhost") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fields}".encode()


def _prepared_stateful(url: str) -> Requests:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    note = json.dumps({"text": "x" * ITEM_BYTES})
    for _ in range(ITEMS):
        connection.request("POST", "/notes", note, {"Content-Type": "application/json"})
        connection.getresponse().read()
    connection.request("GET", "/notes")
    if len(connection.getresponse().read()) < ITEM_BYTES:
        sys.exit("did not store the notes")
    connection.close()
    body = _head("POST", "/notes", "Content-Type: application/json\r\n")
    return Requests(_head("GET", "/notes", "\r\n"), body, body, body, b"", body, DOCUMENTS)


def _prepared_s3(url: str) -> Requests:
    access_key, _, secret_key = CREDENTIAL.partition(":")
    client: Any = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    client.put_object(Bucket="uploads", Key="large", Body=bytes(OBJECT_BYTES))
    upload = client.create_multipart_upload(Bucket="uploads", Key="parts")["UploadId"]

    def head(method: str, operation: str, key: str, **parameters: str) -> bytes:
        signed = {"Bucket": "uploads", "Key": key, **parameters}
        target = urlsplit(client.generate_presigned_url(operation, signed))
        return _head(method, f"{target.path}?{target.query}", "", target.netloc)

    fields = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in client.generate_presigned_post("uploads", "form")["fields"].items()
    )
    form = _head("POST", "/uploads", FORM, urlsplit(url).netloc)
    return Requests(
        head("GET", "get_object", "large") + b"\r\n",
        form,
        head("PUT", "put_object", "attack"),
        form,
        fields.encode() + FILE,
        head("POST", "complete_multipart_upload", "parts", UploadId=upload),
        XML_DOCUMENTS,
    )


def memory(pid: int, name: str) -> float:
    """Return a size of a process from /proc, in MiB: VmRSS now, VmHWM at most."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    match = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


class Wait(NamedTuple):
    """What a new client waited for, in milliseconds: by the clock, and of the server's own CPU meanwhile."""

    clock: float
    cpu: float


def waits(address: Address, pid: int, until: float) -> list[Wait]:
    """Return how long new clients wait for /healthz, one after the other."""
    cpu = ~pid << 3 | 2  # the clock of another process (clock_getcpuclockid(3))
    waited = []
    while time.monotonic() < until:
        began, used = time.perf_counter_ns(), time.clock_gettime_ns(cpu)
        connection = http.client.HTTPConnection(*address, timeout=PROBE_TIMEOUT)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            waited.append(Wait(float("inf"), float("inf")))
        else:
            now, ends = time.perf_counter_ns(), time.clock_gettime_ns(cpu)
            waited.append(Wait((now - began) / 1e6, (ends - used) / 1e6))
        finally:
            connection.close()
        time.sleep(PROBE_SECONDS)
    return waited


class Row(NamedTuple):
    """What one attack costs: memory in MiB, times of others in milliseconds.

    Attributes:
        idle_p99: of all that waited for such a server while nobody attacked, before each of its rows: that of
            one row is three requests of a few hundred, and differs threefold.
    """

    mebibytes: float
    idle_p99: float
    p50: float
    p99: float
    cpu: float

    @property
    def times(self) -> float:
        return self.p99 / self.idle_p99

    @property
    def missed(self) -> list[str]:
        """The goals that it misses."""
        goals = {
            "memory": self.mebibytes > GOAL_MEBIBYTES,
            "p50": self.p50 > GOAL_P50,
            "p99": self.times > GOAL_TIMES,
        }
        return [goal for goal, is_missed in goals.items() if is_missed]

    def __str__(self) -> str:
        numbers = f"{self.mebibytes:.0f} | {self.idle_p99:.1f} | "
        numbers += f"{self.p50:.1f} | {self.p99:.1f} | {self.times:.1f} | {self.cpu:.1f}"
        return f"{numbers} | {', '.join(self.missed)}"


class Attacked(NamedTuple):
    """A server's memory above that of its start in MiB, and what others waited: idle, and attacked."""

    mebibytes: float
    idle: list[Wait]
    others: list[Wait]


def attacked(server: Server, attack: Attack, seconds: float) -> Attacked:
    """Attack a new server, with one core busy before."""
    with running(server) as served:
        url = urlsplit(served.url)
        address = url.hostname or "", url.port or 0
        requests = prepared(server, served.url)
        waits(address, served.pid, time.monotonic() + WARM_SECONDS)
        at_start = memory(served.pid, "VmRSS")
        idle = _during(_compute, address, requests, served.pid, seconds)
        Path(f"/proc/{served.pid}/clear_refs").write_text("5", encoding="ascii")
        others = _during(attack, address, requests, served.pid, seconds)
        return Attacked(memory(served.pid, "VmHWM") - at_start, idle, others)


def rows(attacks: Mapping[str, Attacked]) -> Iterator[tuple[str, Row]]:
    """Yield what each attack on one kind of server costs."""
    idle_p99 = _percentile([wait.clock for one in attacks.values() for wait in one.idle], 99)
    for name, (mebibytes, _, others) in attacks.items():
        clocks = [wait.clock for wait in others]
        cpu = _percentile([wait.cpu for wait in others], 99)
        yield name, Row(mebibytes, idle_p99, _percentile(clocks, 50), _percentile(clocks, 99), cpu)


def _compute(_address: Address, _requests: Requests, until: float) -> None:
    """Keep a core busy, as attacks do."""
    while time.monotonic() < until:
        pass


def _during(attack: Attack, address: Address, requests: Requests, pid: int, seconds: float) -> list[Wait]:
    until = time.monotonic() + seconds
    process = multiprocessing.get_context("fork").Process(
        target=attack, args=(address, requests, until), daemon=True
    )
    process.start()
    try:
        return waits(address, pid, until)
    finally:
        process.join(timeout=5)
        process.kill()


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[len(values) * percent // 100]


@contextlib.contextmanager
def attacked_server(name: str) -> Iterator[Server]:
    """Yield what is attacked; the proxy's upstream runs meanwhile."""
    command = str(Path(sys.executable).parent / "scanner-api")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if name == "serve":
            environment = AWS | {"SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/scanner.db"}
            yield Server(name, (command, "serve", "--port"), environment)
        elif name == "s3":
            yield Server(
                name,
                (
                    command,
                    "s3",
                    "--bucket",
                    "uploads",
                    "--credential",
                    CREDENTIAL,
                    "--control-port",
                    "0",
                    "--port",
                ),
                {},
            )
        elif name == "stateful":
            contract = Path(folder, "notes.json")
            contract.write_text(json.dumps(NOTES), encoding="ascii")
            mock = (str(Path(command).with_name("contract-first")), "mock", "--stateful")
            yield Server(name, (*mock, "--quiet", "--contract", str(contract), "--port"), {})
        elif name == "mock":
            yield Server(name, (command, "mock", "--quiet", "--s3-port", "0", "--port"), {})
        elif name == "contract":
            contract = Path(folder) / "contract.json"
            contract.write_text(json.dumps(CONTRACT), encoding="utf-8")
            yield Server(name, (command, "mock", "--quiet", "--contract", str(contract), "--port"), {})
        elif name == "any mock":  # with an override that reads bodies
            overrides = Path(folder, "overrides.json")
            overrides.write_text(json.dumps([{"match": {"body": {"/a": "b"}}, "effect": {"status": 503}}]))
            mock = str(Path(sys.executable).parent / "contract-first"), "mock", str(ORDERS)
            yield Server(name, (*mock, "--quiet", "--overrides", str(overrides), "--port"), {})
        else:
            uvicorn = (sys.executable, "-m", "uvicorn", "--app-dir", str(PEERS), *UVICORN.split())
            upstream = stack.enter_context(running(Server("upstream", (*uvicorn, "bare:app", "--port"))))
            yield Server(name, (command, "proxy", "--upstream", upstream.url, "--port"), {})


def main() -> None:
    """Print a row for each attack and server; exit with 1 if one misses a goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", nargs="*", help=f"of {', '.join(SERVERS)}; all by default")
    parser.add_argument("--seconds", type=float, default=8, help="of each attack, and of idleness before it")
    parser.add_argument("--only", default="", help="attacks with this in their names")
    options = parser.parse_args()
    if unknown := {*options.server}.difference(SERVERS):
        parser.error(f"expected servers of {', '.join(SERVERS)}, got {', '.join(sorted(unknown))}")
    sys.stdout.write(f"| {' | '.join(COLUMNS)} |\n{'| --- ' * len(COLUMNS)}|\n")
    missed = False
    for name in options.server or SERVERS:
        attacks = {}
        for title, attack in attacks_on(name).items():
            if options.only in title:
                sys.stderr.write(f"{name}: {title}\n")
                with attacked_server(name) as server:
                    attacks[title] = attacked(server, attack, options.seconds)
        for title, row in rows(attacks):
            missed = missed or bool(row.missed)
            sys.stdout.write(f"| {name} | {title} | {row} |\n")
        sys.stdout.flush()
    one, five, _ = os.getloadavg()
    sys.stdout.write(f"\nLoad at the end, over one and five minutes: {one:.1f}, {five:.1f}.\n")
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
