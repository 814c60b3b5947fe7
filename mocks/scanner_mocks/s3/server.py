"""The parent's side: starts S3 in a process of its own and ends it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

STOP_SECONDS = 1.5


class S3Server:
    """S3 on loopback in a process of its own, which ends with this one.

    `start()` returns at once, so that other things can start meanwhile; `url` waits for the port (a tenth of
    a second), `wait_ready()` for the answer to the first request (moto imports slowly).

    Args:
        port: port to listen on; 0 takes a free one.
        host: address to listen on.
        bucket: a bucket to begin with.
        region: the region of that bucket.
        credentials: secret key by access key; each may do everything.
        cors_open: whether the bucket begins with CORS rules that admit every origin.
        data_dir: folder that keeps buckets and objects over restarts; None keeps them in this life only.
    """

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        bucket: str,
        region: str = "us-west-2",
        credentials: Mapping[str, str],
        cors_open: bool = True,
        data_dir: Path | None = None,
    ) -> None:
        self.bucket = bucket
        self.region = region
        self.credentials = dict(credentials)
        self._settings = {
            "port": port,
            "host": host,
            "bucket": bucket,
            "region": region,
            "credentials": self.credentials,
            "cors_open": cors_open,
            "data_dir": None if data_dir is None else str(data_dir),
        }
        self._process: subprocess.Popen[str] | None = None
        self._url: str | None = None
        self._ready = False

    def start(self) -> None:
        """Start the process; secrets reach it by its standard input, not by its command line."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scanner_mocks.s3", "--parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None  # noqa: S101 -- tells mypy what PIPE means
        self._process.stdin.write(json.dumps(self._settings) + "\n")
        self._process.stdin.flush()

    @property
    def url(self) -> str:
        """The endpoint URL; clients may connect to it before S3 is ready, and are answered when it is."""
        if self._url is None:
            self._url = str(self._next_report("url"))
        return self._url

    def wait_ready(self) -> None:
        """Wait until S3 answers.

        Raises:
            RuntimeError: the process ended instead; its standard error says why.
        """
        if not self._ready:
            _ = self.url
            self._ready = bool(self._next_report("ready"))

    def stop(self) -> None:
        """End the process and wait for its end; what it holds is in memory or already in `data_dir`."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

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

    def _next_report(self, name: str) -> Any:
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("S3 is not started: call start() first.")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The S3 process ended before it was ready; its standard error says why.")
        return json.loads(line)[name]
