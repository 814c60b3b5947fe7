"""The front: every request to S3 comes in here, and every answer, refusal and accident goes out."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from .answer import Answer
from .body import BodyCutShort, PacedBody
from .cors import granted
from .errors import S3Error, incomplete_body, internal_error, request_timeout
from .exchanges import described
from .faults import Dropped, Faults, NoFaults
from .operation import UNWATCHED
from .post_object import PostObject
from .request import Request
from .routes import Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .authentication import Authenticator
    from .clock import Clock
    from .request_ids import RequestIds
    from .store import Store

_log = logging.getLogger(__name__)
_NOT_IN_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Front:
    """S3 as a WSGI app.

    Args:
        store: the buckets and objects.
        authenticator: verifies signatures.
        clock: tells the time.
        ids: makes the ids of requests.
        report: is told of every exchange.
        faults: simulated failures.
    """

    def __init__(
        self,
        store: Store,
        authenticator: Authenticator,
        clock: Clock,
        ids: RequestIds,
        report: Callable[[dict[str, Any]], None] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.store = store
        self._clock = clock
        self._ids = ids
        self.faults = faults or NoFaults()
        self._routes = Routes(store, authenticator, PostObject(store, authenticator, clock, self.faults))
        self._report = report

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request.

        Raises:
            Dropped: a fault wants the connection closed.
        """
        begun = time(), monotonic()
        request_id, host_id = self._ids.draw()
        request = Request.from_environ(environ)
        answer = self._answer(request, request_id, host_id)
        if answer is None:
            self._tell(request, Answer(0), [], begun)
            raise Dropped
        status = HTTPStatus(answer.status)
        fields = [
            ("x-amz-id-2", host_id),
            ("x-amz-request-id", request_id),
            ("Date", formatdate(self._clock.now().timestamp(), usegmt=True)),
            ("Server", "AmazonS3"),
            *((name, _NOT_IN_HEADER.sub(" ", value)) for name, value in answer.headers),
        ]
        without_body = status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if not without_body:
            fields.append(("Content-Length", str(answer.length)))
        self._tell(request, answer, fields, begun)
        start_response(f"{status.value} {status.phrase}", fields)
        return () if without_body or environ["REQUEST_METHOD"] == "HEAD" else answer.body

    def reset(self) -> None:
        """Be as in the beginning with an empty archive."""
        self._ids.begin_again()
        self.store.reset()

    def close(self) -> None:
        """Forget everything that is not in the archive."""
        self.store.close()

    def _answer(self, request: Request, request_id: str, host_id: str) -> Answer | None:
        try:
            if self.faults.may_strike(request):
                request = replace(request, body=PacedBody(request.body))
            with self.faults.around(request):
                answer = self._routes(request)
        except S3Error as error:
            answer = Answer.of_error(error, request_id, host_id)
        except BodyCutShort:
            answer = Answer.of_error(incomplete_body(), request_id, host_id)
        except TimeoutError:
            answer = Answer.of_error(request_timeout(), request_id, host_id)
        except Dropped:
            return None
        except Exception:  # noqa: BLE001 -- whatever it is, the client gets an answer, and the log the cause
            _log.exception("S3 failed at request %s", request_id)
            answer = Answer.of_error(internal_error(), request_id, host_id)
        if request.method != "OPTIONS" and request.origin:
            bucket = self.store.bucket(request.bucket)
            answer.headers += granted(bucket.cors, request.headers, request.method) if bucket else []
        return answer

    def _tell(
        self, request: Request, answer: Answer, headers: list[tuple[str, str]], begun: tuple[float, float]
    ) -> None:
        if self._report is not None and not request.asks_for(UNWATCHED):
            started, counted_from = begun
            self._report(described(request, answer, headers, started, monotonic() - counted_from))
