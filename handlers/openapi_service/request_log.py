"""The request log: a line for each request that has ended."""

import time

from openapi_contract.terminal import printable

from .connections import HEALTH_PATHS
from .logs import Log, LogOptions, cause_of, json_line
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
        """Write the line of a request."""
        status = observation.status
        log, scope, request = self._log, observation.scope, observation.request
        is_error = status is not None and status >= SERVER_ERROR
        operation = observation.operation_id
        is_probe = operation is None and scope["path"] in HEALTH_PATHS
        if not (is_error or (self._writes_probes if is_probe else self._writes_all)):
            return
        named: dict[str, str] = {}
        if request is not None:
            named["request_id"] = request.request_id
            if request.caller is not None:
                named |= self._describe(request.caller)
            if request.trace is not None:
                named["trace_id"] = request.trace.trace_id
        cause = cause_of(request.error) if is_error and request is not None and request.error else ""
        target = scope["path"] if request is None else request.path  # the query may have secrets
        target = target if len(target) <= MOST_TARGET else f"{target[:MOST_TARGET]}..."
        moment, milliseconds = log.time(time.time()), int(observation.seconds * 10_000) / 10
        if log.is_json:
            members = {
                "time": moment,
                "level": "error" if is_error else "info",
                "logger": "requests",
                "method": scope["method"],
                "path": target,
                "operation": operation,
                "status": status,
                "milliseconds": milliseconds,
            }
            log.write(json_line(members | named | ({"cause": cause} if cause else {})))
        else:
            level = "ERROR  " if is_error else "INFO   "
            words = [moment, level, scope["method"], target, operation or "-", f"{status or '---'}"]
            words += [f"{milliseconds} ms", *[f"{name}={value}" for name, value in named.items()]]
            log.write(printable(" ".join([*words, f'cause="{cause}"'] if cause else words)))
