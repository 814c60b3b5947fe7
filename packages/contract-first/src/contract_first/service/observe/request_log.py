"""The request log: a line for each request that has ended."""

import time
from collections.abc import Mapping
from typing import Any

from contract_first.service.messages.request import Request
from contract_first.terminal import printable

from .logs import MASKING, Log, LogOptions, cause_of, json_line
from .observation import Observation

MOST_TARGET = 300
SERVER_ERROR = 500


class RequestLog:
    """Writes a line for each request that has ended; for health checks at the level ``debug`` alone.

    One that ended with a 5xx is an error, whose line says the cause.
    """

    def __init__(self, log: Log, options: LogOptions) -> None:
        self._log = log
        self._writes_all = options.level in {"debug", "info"}
        self._writes_probes = options.level == "debug"
        self._describe = options.describe

    def observe(self, observation: Observation) -> None:
        operation, status = observation.operation_id, observation.status
        is_probe = observation.is_probe  # one that is not ready has no error, but an end to wait for
        is_error = status is not None and status >= SERVER_ERROR and not is_probe
        if not (is_error or (self._writes_probes if is_probe else self._writes_all)):
            return
        members = {
            "time": self._log.time(time.time()),
            "level": "error" if is_error else "info",
            "logger": "requests",
            "method": observation.scope["method"],
            "path": _path(observation),
            "operation": operation,
            "status": status,
            "milliseconds": _milliseconds(observation.seconds),
        }
        stages = observation.stages.items()
        times = {f"{stage}_milliseconds": _milliseconds(seconds) for stage, seconds in stages}
        request = observation.request
        names = times if request is None else times | self._names(request)
        cause = cause_of(request.error) if is_error and request is not None and request.error else ""
        if self._log.is_json:
            self._log.write(json_line(members | names | ({"cause": cause} if cause else {})))
        else:
            self._log.write(_line(members, names, cause))

    def _names(self, request: Request) -> dict[str, Any]:
        """Return the identifiers of a request: its id, its caller and its trace."""
        names: dict[str, Any] = {"request_id": request.request_id}
        if request.caller is not None:
            names |= self._describe(request.caller)
        if request.trace is not None:
            names["trace_id"] = request.trace.trace_id
        return names


def _milliseconds(seconds: float) -> float:
    return int(seconds * 10_000) / 10


def _path(observation: Observation) -> str:
    """Return the path of a request without its query, which may have secrets, up to a limit."""
    request = observation.request
    if request is None:
        path: str = MASKING.url(observation.scope["path"])
    else:
        named = request.path_parameters.items()  # a session that has a path is a resource
        path = MASKING.url(request.path, {name: value for name, value in named if not name.endswith("id")})
    return path if len(path) <= MOST_TARGET else f"{path[:MOST_TARGET]}..."


def _line(members: Mapping[str, Any], names: Mapping[str, Any], cause: str) -> str:
    level, operation, status = (
        members["level"].upper(),
        members["operation"] or "-",
        members["status"] or "---",
    )
    words = [members["time"], f"{level:7}", members["method"], members["path"], operation, f"{status}"]
    words += [f"{members['milliseconds']} ms", *[f"{name}={value}" for name, value in names.items()]]
    return printable(" ".join([*words, f'cause="{cause}"'] if cause else words))
