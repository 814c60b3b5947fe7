"""S3 in a child process: starts it, controls it, restarts it, and ends it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import msgspec

from .options import Options

if TYPE_CHECKING:
    from .tls import Authority

STOP_SECONDS = 5  # an idle machine needs a tenth of one; what is killed leaves its uploads behind
ORDER_SECONDS = 30


@contextmanager
def running(*buckets: str, **settings: Any) -> Iterator[Server]:
    """Run an S3 in a process of its own for the length of a ``with`` block, which gets a `Server`.

    The block begins once S3 responds (about a second), at ``server.url``; at its end the process is gone.

        with running("photos", credentials={"AK": "secret"}, public=True) as server:
            httpx2.get(f"{server.url}/photos/apple.jpg")

    Args:
        buckets: names of the buckets to start with; by default one, ``uploads``.
        settings: keyword arguments of `Server`, and these options:
            ``region``: of the buckets, by default ``us-east-1``.
            ``credentials``: ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key, EXPIRES in ISO 8601; by
            default ``{"ACCESSKEY": "secret-key"}``.
            ``cors``, ``public``: whether pages of every origin may use the buckets, and whether everyone may
            read their objects.
            ``data``: folder that keeps buckets and objects; by default a temporary one.
            ``host``, ``port``: address to listen on, by default ``127.0.0.1`` and a free port.
            ``tls``, ``ca``, ``tls_names``: whether to serve HTTPS, the folder of the local authority, further
            names to certify.
            ``public_url``, ``domains``, ``trust_proxy``: how clients reach S3.
            ``account``: id of the AWS account that owns the buckets, 12 digits.
            ``seed``: of the ids of requests; by default they are random.

    Raises:
        RuntimeError: the process ends before it responds; its standard error says why.
        TypeError: there is no such option.
        ValueError: a bucket name or an account id is not valid.
    """
    with Server(*buckets, **settings) as server:
        yield server


class Server:
    """S3 in a process of its own, which ends with this one.

    `start()` returns at once; `url` waits for the port (a tenth of a second), `wait_ready()` until S3
    responds (about a second, for the import of moto). A process that dies after that is started again,
    with the buckets and objects, the clock and the faults that it had.

    The methods from `set_clock()` to `usage()` raise RuntimeError if the process does not run or fails,
    TimeoutError after 30 seconds.

    Args:
        buckets: names of the buckets to start with; by default one, ``uploads``.
        faults: ``module:class`` of a `faults.Faults` that the process makes; none by default.
        on_exchange: called with every exchange (see `app.described`), in a thread of its own.
        on_restart: called with a sentence once a process that died has been started again.
        authority: issues its certificate; by default that of ``tls`` and ``ca``.
        options: fields of `options.Options`, such as ``credentials``, ``data``, ``port``; see `running`.

    Attributes:
        options: what it was started with.
        buckets: the names of the buckets that it was started with.
        region: of these buckets.
        credentials: ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key.
        restarts: how often it was started again.

    Raises:
        TypeError: there is no such option.
        ValueError: a bucket cannot have this name, or an account this id.
    """

    def __init__(
        self,
        *buckets: str,
        faults: str | None = None,
        on_exchange: Callable[[dict[str, Any]], None] | None = None,
        on_restart: Callable[[str], None] = lambda _: None,
        authority: Authority | None = None,
        **options: Any,
    ) -> None:
        self.options = Options(buckets=buckets or ("uploads",), **options)
        self.buckets, self.region = self.options.buckets, self.options.region
        self.credentials = self.options.credentials
        self.restarts = 0
        self._faults = faults
        self._authority = authority
        self._on_exchange = on_exchange
        self._on_restart = on_restart
        self._resources = ExitStack()
        self._start_message: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._supervise, daemon=True)
        self._starting = threading.Lock()
        self._stopping = False
        self._writing = threading.Lock()
        self._numbers = count()
        self._awaited: dict[str | int, Future[Any]] = {"url": Future(), "ready": Future()}
        self._changes: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def url(self) -> str:
        """The endpoint URL; clients may connect to it before S3 is ready, and get responses when it is."""
        return str(self._awaited["url"].result())

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which AWS's clients find this S3, with its first credential."""
        return self.options.environment(self.url)

    def start(self) -> None:
        """Start the process; secrets reach it by its standard input, not by its command line.

        Raises:
            OSError: the folder ``ca`` cannot be read or written.
            ValueError: what it holds is no certificate authority.
        """
        authority = self._authority or self._resources.enter_context(self.options.certifying())
        options = self.options
        if options.data is None:
            folder = TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True)
            data = Path(self._resources.enter_context(folder))
            options = msgspec.structs.replace(options, data=data, no_fsync=True)
        self._start_message = {
            "options": msgspec.to_builtins(options, enc_hook=str),
            "authority": authority and {"certificate": authority.certificate, "key": authority.key},
            "faults": self._faults,
            "journal": self._on_exchange is not None,
            "temporary": self.options.data is None,
        }
        self._start_process()
        self._reader.start()

    def _start_process(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "strict_s3.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._write(self._start_message)

    def wait_ready(self) -> None:
        """Wait until S3 serves requests; raise RuntimeError if it ends instead."""
        self._awaited["ready"].result()

    def stop(self) -> None:
        """End the process, and wait for its end; after 5 seconds it is killed."""
        with self._starting:
            self._stopping = True
            process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._reader.join()
            self._process = None
        self._resources.close()

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def set_clock(self, now: datetime | None, *, stopped: bool = False, bucket: str = "") -> None:
        """Set S3's clock to `now`, running or stopped; None for the machine's time.

        Args:
            now: aware.
            stopped: whether it stands still.
            bucket: whose requests it is for; by default all that have no clock of their own.
        """
        self._change("set_clock", now=now and now.isoformat(), stopped=stopped, bucket=bucket)

    def set_faults(self, faults: Iterable[Any], *, seed: int = 0) -> None:
        """Activate these faults and no others; those that were active already keep their counts.

        Args:
            faults: as the class named by ``faults`` takes them, JSON or msgspec structs, with their ids.
            seed: of chance.
        """
        self._change("set_faults", faults=msgspec.to_builtins(list(faults)), seed=seed)

    def reset(self, only: str = "", apart: Collection[str] = ()) -> None:
        """Delete all buckets and objects, and create the initial buckets.

        Args:
            only: the bucket that is deleted, in place of all.
            apart: buckets that stay.
        """
        self._order("reset", only=only, apart=list(apart))

    def create_bucket(self, name: str) -> None:
        """Create a bucket, in the region of the others, with their rules; it is gone with a reset."""
        self._order("create_bucket", bucket=name)

    def drop_bucket(self, name: str) -> None:
        """Delete a bucket, if there is one, with its objects and its clock."""
        self._changes.pop(("set_clock", name), None)
        self._order("drop_bucket", bucket=name)

    def presigned(self, method: str, path: str, query: Mapping[str, str], seconds: int, endpoint: str) -> str:
        """Return a URL that is signed with the first credential, see `auth.presigning.presigned_url`."""
        arguments = {"method": method, "path": path, "query": dict(query), "seconds": seconds}
        return str(self._order("presigned", **arguments, endpoint=endpoint))

    def snapshot(self, folder: Path, only: str = "", apart: Collection[str] = ()) -> None:
        """Save buckets and objects in a new folder, on the file system of the data folder.

        Args:
            folder: is made.
            only: the bucket that is saved, in place of all.
            apart: buckets that are not saved.
        """
        self._order("snapshot", folder=str(folder), only=only, apart=list(apart))

    def restore(self, folder: Path, only: str = "", apart: Collection[str] = ()) -> None:
        """Restore the snapshot in this folder, in place of the buckets that `snapshot` would save."""
        self._order("restore", folder=str(folder), only=only, apart=list(apart))

    def usage(self, bucket: str) -> tuple[int, int]:
        """Return how many objects a bucket has, with all their versions, and their bytes."""
        objects, size = self._order("usage", bucket=bucket)
        return objects, size

    def _change(self, name: str, **arguments: Any) -> None:
        """Send an order whose effect is not in the data folder: a restarted process gets it again."""
        self._changes[name, arguments.get("bucket", "")] = arguments
        self._order(name, **arguments)

    def _order(self, name: str, **arguments: Any) -> Any:
        """Send an order, the name of a method of `local.LocalS3`, and return its result.

        Raises:
            RuntimeError: it failed, or the process is not there.
            TimeoutError: it takes more than 30 seconds.
        """
        number = next(self._numbers)
        done: Future[Any] = Future()
        self._awaited[number] = done
        self._write({"id": number, "do": name, "with": arguments})
        outcome = done.result(ORDER_SECONDS)
        if outcome["failure"]:
            raise RuntimeError(f"S3 could not carry out {name!r}: {outcome['failure']}")
        return outcome["result"]

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
                self._start_message["options"]["port"] = urlsplit(self.url).port
                self._start_process()
            threading.Thread(target=self._restart, args=(code,), daemon=True).start()

    def _restart(self, code: int) -> None:
        """Send a restarted process the orders that the one before had."""
        try:
            self.wait_ready()
            for (name, _), arguments in [*self._changes.items()]:
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
        for future in [*self._awaited.values()]:
            if not future.done():
                future.set_exception(ended)
        if was_ready:
            self._awaited = {"url": self._awaited["url"], "ready": Future()}
        return was_ready

    def _read(self) -> None:
        """Read what the process reports, until it ends."""
        assert self._process is not None  # noqa: S101 -- tells mypy that start() came before
        assert self._process.stdout is not None  # noqa: S101 -- tells mypy what PIPE means
        for line in self._process.stdout:
            report = json.loads(line)
            if "exchange" in report and self._on_exchange is not None:
                self._on_exchange(report["exchange"])
            elif "done" in report:
                self._awaited.pop(report["done"]).set_result(report)
            else:
                ((name, value),) = report.items()
                if not self._awaited[name].done():
                    self._awaited[name].set_result(value)
