"""The parent's side: starts S3 in a process of its own, controls it, and ends it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from .tls import Authority

STOP_SECONDS = 5  # an idle machine needs a tenth of one; what is killed leaves its uploads behind
ORDER_SECONDS = 30
CONFLICTING_VARIABLES = ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL")
"""Variables of the environment that would lead AWS's clients to another S3, or sign for it."""


@contextmanager
def s3_server(
    bucket: str | Sequence[str] = "uploads", *, credentials: Mapping[str, str] | None = None, **options: Any
) -> Iterator[S3Server]:
    """Run S3 for as long as this is entered; it serves requests once it is.

    Args:
        bucket: a bucket to start with, or several.
        credentials: by access key, ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]``; by default one of its own, see
            `S3Server.credentials`.
        options: the further arguments of `S3Server`.

    Raises:
        RuntimeError: the process ends before it serves requests; its standard error says why.
    """
    with S3Server(bucket=bucket, credentials=credentials or {"ACCESSKEY": "secret-key"}, **options) as server:
        yield server


def environment(url: str, region: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables by which AWS's clients find an S3, with its first credential."""
    access_key, text = next(iter(credentials.items()))
    secret_key, _, token = text.partition(":")
    return {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        **({"AWS_SESSION_TOKEN": token.partition(":")[0]} if token else {}),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


class S3Server:
    """S3 on loopback in a process of its own, which ends with this one.

    `start()` returns at once, so that other things can start meanwhile; `url` waits for the port (a tenth of
    a second), `wait_ready()` until it responds (moto imports slowly). A process that dies once it has
    responded is started again, with the buckets and objects, the clock and the faults that it had.

    Args:
        port: port to listen on; 0 takes a free one.
        host: address to listen on.
        bucket: a bucket to begin with, or several.
        region: the region of these buckets.
        credentials: by access key, ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]``; each may do everything.
        cors_open: whether the buckets begin with CORS rules that admit every origin.
        public: whether everyone may read their objects.
        data_dir: folder for buckets and objects, which a restart reads again; None for a temporary one.
        seed: of the ids of requests; None for random ones.
        faults: ``module:class`` of a `faults.Faults` that the process makes; none by default.
        on_exchange: called with every exchange (see `app.described`), in a thread of its own.
        on_restart: called once a process that died was started again, with a sentence that says so.
        tls: certifies the names that it is called by; None for plain HTTP.
        addresses: names and addresses to certify, beside this machine's.
        domains: host names that may have a bucket before them, as in ``BUCKET.localhost``, beside that one.
        public_url: what URLs of objects begin with; by default the host that a request came to.
        trust_proxy: whether ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` say which host that is.
        account: AWS account that owns all buckets; by default that of MOTO_ACCOUNT_ID, or moto's.

    Attributes:
        bucket: the first of the buckets.
        buckets: all of them.
        restarts: how often it was started again.
    """

    def __init__(  # noqa: PLR0913 -- a setting each
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        bucket: str | Sequence[str],
        region: str = "us-west-2",
        credentials: Mapping[str, str],
        cors_open: bool = True,
        public: bool = False,
        data_dir: Path | None = None,
        seed: int | None = None,
        faults: str | None = None,
        on_exchange: Callable[[dict[str, Any]], None] | None = None,
        on_restart: Callable[[str], None] | None = None,
        tls: Authority | None = None,
        addresses: Iterable[str] = (),
        domains: Iterable[str] = (),
        public_url: str | None = None,
        trust_proxy: bool = False,
        account: str | None = None,
    ) -> None:
        self.buckets = (bucket,) if isinstance(bucket, str) else tuple(bucket)
        self.bucket = self.buckets[0]
        self.restarts = 0
        self.region = region
        self.credentials = dict(credentials)
        self._settings = {
            "port": port,
            "host": host,
            "bucket": self.buckets,
            "region": region,
            "credentials": self.credentials,
            "cors_open": cors_open,
            "public": public,
            "seed": seed,
            "faults": faults,
            "journal": on_exchange is not None,
            "temporary": False,
            "tls": tls and {"certificate": tls.certificate, "key": tls.key, "names": list(addresses)},
            "domains": list(domains),
            "public_url": public_url,
            "trust_proxy": trust_proxy,
            "account": account,
        }
        self._data_dir = data_dir
        self._temporary: TemporaryDirectory[str] | None = None
        self._on_exchange = on_exchange
        self._on_restart = on_restart or (lambda _: None)
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._supervise, daemon=True)
        self._starting = threading.Lock()
        self._stopping = False
        self._writing = threading.Lock()
        self._numbers = count()
        self._awaited: dict[str | int, Future[Any]] = {"url": Future(), "ready": Future()}
        self._changes: dict[str, dict[str, Any]] = {}

    def start(self) -> None:
        """Start the process; secrets reach it by its standard input, not by its command line."""
        if self._data_dir is None:
            self._temporary = TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True)
            self._settings["temporary"] = True
        self._settings["data_dir"] = str(self._data_dir or (self._temporary and self._temporary.name))
        self._start_process()
        self._reader.start()

    def _start_process(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "presigned_s3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._write(self._settings)

    @property
    def url(self) -> str:
        """The endpoint URL; clients may connect to it before S3 is ready, and get responses when it is."""
        return str(self._awaited["url"].result())

    def wait_ready(self) -> None:
        """Wait until S3 serves requests; raise RuntimeError if it ends instead."""
        self._awaited["ready"].result()

    def stop(self) -> None:
        """End the process and wait for its end; what it holds is in memory or already in `data_dir`."""
        with self._starting:
            self._stopping = True
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()
        self._process = None
        if self._temporary is not None:
            self._temporary.cleanup()

    def set_clock(self, now: datetime | None, *, stopped: bool = False) -> None:
        """Set S3's clock to `now`, running or stopped; None for the machine's time."""
        self._change("clock", now=now and now.isoformat(), stopped=stopped)

    def set_faults(self, faults: Iterable[Any], *, seed: int = 0) -> None:
        """Activate these faults and no others; those that were active already keep their counts.

        Args:
            faults: as the class named by ``faults`` takes them, JSON or msgspec structs, with their ids.
            seed: of chance.
        """
        self._change("faults", faults=msgspec.to_builtins(list(faults)), seed=seed)

    def reset(self) -> None:
        """Return to the initial state of an empty `data_dir`: the one bucket, no objects."""
        self._order("reset")

    def snapshot(self, folder: Path) -> None:
        """Save a snapshot of everything in a new folder, on the file system of `data_dir`."""
        self._order("snapshot", folder=str(folder))

    def restore(self, folder: Path) -> None:
        """Restore the snapshot in this folder."""
        self._order("restore", folder=str(folder))

    def usage(self, bucket: str) -> tuple[int, int]:
        """Return how many objects a bucket has, and their bytes."""
        objects, size = self._order("usage", bucket=bucket)
        return objects, size

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which AWS's clients find this S3, with its first credential."""
        return environment(self.url, self.region, self.credentials)

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _change(self, name: str, **arguments: Any) -> None:
        """Send an order whose effect no folder keeps: a restarted process gets it again."""
        self._changes[name] = arguments
        self._order(name, **arguments)

    def _order(self, name: str, **arguments: Any) -> Any:
        """Send an order, and return its result.

        Raises:
            RuntimeError: it failed, or the process is not there.
        """
        number = next(self._numbers)
        done: Future[Any] = Future()
        self._awaited[number] = done
        self._write({"id": number, "do": name, "with": arguments})
        facts = done.result(ORDER_SECONDS)
        if facts["failure"]:
            raise RuntimeError(f"S3 could not carry out {name!r}: {facts['failure']}")
        return facts["result"]

    def _write(self, message: Mapping[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("S3 is not running: call start() first.")
        try:
            with self._writing:
                self._process.stdin.write(json.dumps(message) + "\n")
                self._process.stdin.flush()
        except OSError as error:
            raise RuntimeError("The S3 process ended; it is started again, unless it is stopped.") from error

    def _supervise(self) -> None:
        """Read what the process reports, and restart it whenever it dies, until it is stopped."""
        while self._process is not None:
            with self._process as process:  # closes its pipes
                self._read()
            code = process.returncode
            was_ready = self._fail_waiting()
            with self._starting:
                if self._stopping or not was_ready:
                    return
                self._settings["port"] = urlsplit(self.url).port
                self._start_process()
            threading.Thread(target=self._restart, args=(code,), daemon=True).start()

    def _restart(self, code: int) -> None:
        """Send a restarted process the orders that the one before had."""
        try:
            self.wait_ready()
            for name, arguments in self._changes.items():
                self._order(name, **arguments)
        except RuntimeError:  # it died, too, or was stopped
            return
        self.restarts += 1
        how = f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._on_restart(f"S3's process was {how}; it was started again with the buckets and objects it had.")

    def _fail_waiting(self) -> bool:
        """Fail all that waits for a process that ended; return whether it had been ready."""
        was_ready = self._awaited["ready"].done()
        ended = RuntimeError("The S3 process ended; its standard error says why.")
        for awaited in [*self._awaited.values()]:
            if not awaited.done():
                awaited.set_exception(ended)
        if was_ready:
            self._awaited = {"url": self._awaited["url"], "ready": Future()}
        return was_ready

    def _read(self) -> None:
        """Read what the process reports, until it ends."""
        assert self._process is not None  # noqa: S101 -- tells mypy that start() came before
        assert self._process.stdout is not None  # noqa: S101 -- tells mypy what PIPE means
        for line in self._process.stdout:
            facts = json.loads(line)
            if "exchange" in facts and self._on_exchange is not None:
                self._on_exchange(facts["exchange"])
            elif "done" in facts:
                self._awaited.pop(facts["done"]).set_result(facts)
            else:
                ((name, fact),) = facts.items()
                if not self._awaited[name].done():
                    self._awaited[name].set_result(fact)
