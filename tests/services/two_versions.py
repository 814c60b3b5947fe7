"""Two versions of the service on one database, while the older one is replaced by this one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import httpx2

ROOT = Path(__file__).parents[2]
THIS = Path(sys.executable).with_name("scanner-api")
API = "/scanner/api/v1"
CLIENTS = 2
TRIES = 5
PAUSE_SECONDS = 0.02
"""Between a client's sessions: processes that start need the CPU, too."""
SECONDS = 60
FINAL = {"COMPLETED", "NOT_FOUND", "FAILED"}
RELEASE = re.compile(r"^\| ([^|]+) \| `([0-9a-f]{40})` \| (\d{4}) \| ([^|]+) \|$", re.MULTILINE)


class Release(NamedTuple):
    """A row of docs/releasing.md."""

    version: str
    commit: str
    revision: str
    beside: str


def releases():
    """Return what docs/releasing.md says of each release, the oldest first."""
    return [Release(*row) for row in RELEASE.findall((ROOT / "docs" / "releasing.md").read_text())]


def oldest():
    """Return the oldest version that may serve beside this one: what it can, later ones can."""
    return next(row for row in releases() if row.beside == "yes")


def has_commit(commit):
    """Tell whether the history of this clone, if it is one, has a commit."""
    asked = subprocess.run(  # noqa: S603 -- git
        ["git", "-C", ROOT, "cat-file", "-e", f"{commit}^{{commit}}"],  # noqa: S607 -- from PATH
        capture_output=True,
        check=False,
    )
    return asked.returncode == 0


def built(commit, folder):
    """Install the wheel of a commit, with the versions that it pins, and return its program."""
    archiving = ["git", "-C", ROOT, "archive", commit]
    archive = subprocess.run(archiving, capture_output=True, check=True)  # noqa: S603 -- git
    tree, environment = folder / "tree", folder / "environment"
    tree.mkdir()
    subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)  # noqa: S603, S607 -- wherever it is
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)  # noqa: S603 -- uv
    install = [
        *uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        environment,
        "--constraint",
        tree / "constraints.txt",
    ]
    subprocess.run([*install, f"{tree}[postgresql]"], check=True)  # noqa: S603 -- the same
    return environment / "bin" / "scanner-api"


def posted(client, url, body):
    """Return the response to a POST, which is sent again as a 503 says: a busy machine is no failure."""
    for _ in range(TRIES):
        response = client.post(url, json=body)
        if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE or "retry-after" not in response.headers:
            break
        time.sleep(float(response.headers["retry-after"]))
    return response.raise_for_status().json()


class Fleet:
    """Servers of several versions, and clients that use any of them.

    Attributes:
        urls: of the servers that clients may use, as a load balancer has them.
        sessions: ids of the sessions that were created, each with those of its captures.
        failures: errors of responses and connections.
        longest: the time of the slowest session with its capture, in seconds.
    """

    def __init__(self, database, folder):
        self._environment = os.environ | {
            "AWS_ACCESS_KEY_ID": "AKIDTEST",
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "SCANNER_DATABASE_URL": database,
            "SCANNER_PORT": "0",
            "SCANNER_LAME_DUCK_SECONDS": "0",
            "SCANNER_SWEEP_SECONDS": "0.5",
            "SCANNER_LEASE_SECONDS": "2",
        }
        self._folder = folder
        self._is_used = False
        self._rounds = [0] * CLIENTS
        self.urls, self.key = [], ""
        self.sessions, self.failures, self.longest = {}, [], 0.0

    def run(self, program, *arguments):
        """Run a command to its end, and return what it prints."""
        finished = subprocess.run(  # noqa: S603 -- our own program
            [program, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    @contextmanager
    def serving(self, program):
        """Serve by a version until the block ends, and then end it as a deployment does; yield its log."""
        log = self._folder / f"{time.monotonic_ns()}.log"
        with (
            log.open("wb") as errors,
            subprocess.Popen(  # noqa: S603 -- our own program
                [program, "serve"], env=self._environment, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process,
        ):
            try:
                banner = process.stdout.readline()
                assert " on " in banner, log.read_text()
                url = banner.split(" on ")[1].split()[0].rstrip(",")
                self.urls = [*self.urls, url]
                yield log
                self.urls = [other for other in self.urls if other != url]
                before = list(self._rounds)
                self._until(lambda: not self._is_used or all(map(int.__gt__, self._rounds, before)))
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=SECONDS) == 0
            finally:
                process.kill()

    @contextmanager
    def under_load(self):
        """Let clients create sessions and captures until the block ends."""
        clients = [Thread(target=self._use, args=(number,)) for number in range(CLIENTS)]
        self._is_used = True
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self._is_used = False
            for client in clients:
                client.join()

    def until_more(self, number=20):
        """Wait until so many more sessions were created."""
        enough = len(self.sessions) + number
        self._until(lambda: self.failures or len(self.sessions) >= enough)

    def _use(self, number):
        """Create sessions by one server, and scan into them by the next."""
        with self._client() as client:
            while self._is_used:
                time.sleep(PAUSE_SECONDS)
                self._rounds[number] += 1
                urls, turn = self.urls, number + self._rounds[number]
                first, second = (urls[(turn + step) % len(urls)] + API for step in range(2))
                began = time.monotonic()
                scan = {"capture_type": "BARCODE", "raw_value": "9521234000013"}
                try:
                    session = posted(client, f"{first}/sessions", {})
                    scan["session_short_id"] = session["id"]
                    capture = posted(client, f"{second}/captures", scan)
                except httpx2.HTTPError as error:
                    self.failures.append(repr(error))
                else:
                    self.sessions[session["id"]] = [capture["id"]]
                    self.longest = max(self.longest, time.monotonic() - began)

    def stored(self):
        """Return the ids of all stored sessions, each with those of its captures, once these are done."""
        stored, page, has_more = {}, 0, True
        with self._client() as client:
            base = self.urls[0] + API

            def captures(id_):
                present = client.get(f"{base}/sessions/{id_}").raise_for_status().json()["captures"]
                return present if all(capture["status"] in FINAL for capture in present) else None

            while has_more:
                page += 1
                listed = client.get(f"{base}/sessions", params={"page": page, "page_size": 100}).json()
                for session in listed["data"]:
                    done = self._until(lambda id_=session["id"]: captures(id_))
                    stored[session["id"]] = [capture["id"] for capture in done]
                has_more = listed["pagination"]["has_next"]
        return stored

    def _client(self):
        return httpx2.Client(headers={"X-API-Key": self.key}, timeout=SECONDS, trust_env=False)

    @staticmethod
    def _until(condition):
        deadline = time.monotonic() + SECONDS
        while not (value := condition()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return value


def replaced(older, database, folder):
    """Replace an older version by this one under load; return the fleet, the stored sessions, and a log.

    The older version makes the schema, serves while that is upgraded and beside this version, and starts
    again, of which the log is.
    """
    fleet = Fleet(database, folder)
    organization = ("--new-organization", "Grocer", "--per-minute", "1000000", "--per-day", "1000000")
    fleet.key = fleet.run(older, "keys", "create", *organization, "--quiet")
    with ExitStack() as newer:
        with fleet.serving(older), fleet.under_load():
            fleet.until_more()
            fleet.run(THIS, "db", "upgrade")
            fleet.until_more()
            newer.enter_context(fleet.serving(THIS))
            fleet.until_more()
            with fleet.serving(older) as log:
                fleet.until_more()
        return fleet, fleet.stored(), log.read_text()
