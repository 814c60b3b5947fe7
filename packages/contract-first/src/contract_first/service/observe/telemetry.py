"""What a process reports of itself: metrics for Prometheus, and spans as OpenTelemetry's variables say."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from contract_first.distribution import CONTRACT_FIRST

from .logs import without_repetitions, without_tracebacks

if TYPE_CHECKING:
    from .metrics import Metrics
    from .spans import Tracing

_VARIABLES: Final = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
)
_PROTOCOL: Final = "http/protobuf"
_logger: Final = logging.getLogger(__name__)


class Telemetry(NamedTuple):
    """The metrics and the tracing of a process; None, and not imported, where they are off."""

    metrics: Metrics | None
    tracing: Tracing | None

    @classmethod
    def of_process(cls, title: str, *, has_metrics: bool) -> Self:
        """Return that of this process.

        Args:
            title: names it in traces, unless OpenTelemetry's variables give a name.
            has_metrics: whether anyone wants metrics.
        """
        metrics = None
        if has_metrics:
            from .metrics import Metrics  # noqa: PLC0415 -- only who wants it pays for the import

            metrics = Metrics()
        return cls(metrics, tracing_of(os.environ, re.sub(r"\W+", "-", title.lower())))

    def forked(self) -> Self:
        """Return that of a fork of this process, with counts of its own."""
        metrics = None if self.metrics is None else type(self.metrics)()
        return type(self)(metrics, self.tracing and self.tracing.forked())

    @asynccontextmanager
    async def served(self, listening: socket.socket | None) -> AsyncIterator[None]:
        """Serve metrics on a socket, and export spans, for the length of a ``with`` block."""
        async with AsyncExitStack() as stack:
            if self.metrics is not None and listening is not None:
                await stack.enter_async_context(self.metrics.served(listening))
            if self.tracing is not None:
                await stack.enter_async_context(self.tracing.exported())
            yield


def tracing_of(environment: Mapping[str, str], service: str) -> Tracing | None:
    """Return the tracing, if OpenTelemetry's variables name a collector to export spans to.

    The variables are often those of a whole cluster: what they ask for and is not there is a warning.

    Args:
        environment: with ``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`` or
            ``OTEL_TRACES_EXPORTER``, see OpenTelemetry's specification of environment variables.
        service: its name, unless ``OTEL_SERVICE_NAME`` gives one.
    """
    variables = {name: environment[name].strip() for name in _VARIABLES if environment.get(name, "").strip()}
    exporter = variables.get("OTEL_TRACES_EXPORTER", "otlp")
    if not variables or exporter == "none" or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    protocol = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL", "").strip() or _PROTOCOL
    protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "").strip() or protocol
    if exporter != "otlp":
        lack = f"OTEL_TRACES_EXPORTER is {exporter!r}; expected 'otlp' or 'none'."
    elif protocol != _PROTOCOL:
        lack = (
            f"The protocol of OTLP is {protocol!r}; set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to {_PROTOCOL!r}."
        )
    else:
        try:
            without_tracebacks("opentelemetry.context", "opentelemetry.sdk.resources")
            without_repetitions("opentelemetry.sdk.resources")  # each fork detects resources again
            from .spans import Tracing  # noqa: PLC0415 -- only who wants it pays for it

            return Tracing.of_process(service)
        except ImportError:
            lack = f"{' and '.join(variables)} asks for traces; {CONTRACT_FIRST.how_to_install('otel')}"
        except ValueError as error:
            lack = str(error)
    _logger.warning("No traces are exported. %s", lack)
    return None
