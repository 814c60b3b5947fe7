"""S3 as a WSGI app: every request comes in here, and every response, refusal and failure goes out."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from .auth.authentication import Authenticator
from .auth.signature import Credential
from .buckets.buckets import FirstBucket
from .buckets.events import Events
from .faults import Dropped, Faults
from .http.body import BodyCutShort, PacedBody
from .http.webhooks import Webhook
from .messages.clock import BUCKET, Clock, ShiftedClock
from .messages.cors import granted
from .messages.errors import S3Error, refusal
from .messages.request import LOCAL, LOCAL_DOMAIN, UNWATCHED, Names, Request
from .messages.response import RequestIds, Response
from .objects.attributes import CONTROL
from .objects.store import Store
from .options import Options
from .post_object import PostObject
from .probes import Probes
from .routes import Routes
from .store.archive import Archive

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MASK = "***"
_SECRET = re.compile(r"authorization|cookie|(?:.+-)?signature|.+-security-token|.+-customer-key")
"""Names of fields whose values are secrets."""
_TOKEN = re.compile(
    r"(?i)(x-amz-security-token[:=]|<(?:(?:CanonicalRequest|StringToSign)Bytes|SignatureProvided)>)[^&<\n]+"
)
"""In S3's response to a wrong signature: the session token, and what is right for another request."""
_SANDBOX = (("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff"))
"""Keeps stored HTML from running scripts with the rights of pages of this machine; S3 sends neither."""
_log = logging.getLogger(__name__)


class Front:
    """S3 as a WSGI app."""

    def __init__(
        self,
        store: Store,
        authenticator: Authenticator,
        clock: Clock,
        ids: RequestIds,
        report: Callable[[dict[str, Any]], None] | None = None,
        faults: Faults | None = None,
        names: Names = LOCAL,
    ) -> None:
        self.store = store
        self._names = names
        self._clock = clock
        self._ids = ids
        self.faults = faults or Faults()
        self.probes = Probes(store)
        post_object = PostObject(store, authenticator, clock, self.faults)
        self._routes = Routes(store, authenticator, post_object, self.probes)
        self._report = report

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request; raise Dropped if a fault closes the connection without a response."""
        beginning = time(), monotonic()
        request_id, host_id = ids = self._ids.draw()
        request = Request.from_environ(environ, self._names, ids)
        BUCKET.set(request.bucket)
        health = self.probes.health(request)
        response = health or self._respond(request, request_id, host_id)
        if response is None:
            self._report_exchange(request, Response(0), [], beginning)
            raise Dropped
        status = HTTPStatus(response.status)
        headers = request.headers
        is_browser = "sec-fetch-mode" in headers or headers.get("user-agent", "").startswith("Mozilla/")
        fields = [
            ("x-amz-id-2", host_id),
            ("x-amz-request-id", request_id),
            ("Date", formatdate(self._clock.timestamp(), usegmt=True)),
            ("Server", "AmazonS3"),
            *(_SANDBOX if is_browser else ()),
            *((name, CONTROL.sub(" ", value)) for name, value in response.headers),
        ]
        without_body = status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if not without_body:
            fields.append(("Content-Length", str(response.length)))
        if health is None:
            self._report_exchange(request, response, fields, beginning)
        native = [(name, value.encode(errors="replace").decode("latin-1")) for name, value in fields]
        start_response(f"{status.value} {status.phrase}", native)
        return () if without_body or environ["REQUEST_METHOD"] == "HEAD" else response.body

    def reset(self, only: str = "", apart: Collection[str] = ()) -> None:
        """Return to the initial state: the buckets but those apart, or only this one."""
        if not only:
            self._ids.reset()
        self.store.reset(only, apart)

    def close(self) -> None:
        """Release everything; what is in the archive stays there."""
        self.store.close()

    def _respond(self, request: Request, request_id: str, host_id: str) -> Response | None:
        try:
            if self.faults.may_inject(request):
                request = replace(request, body=PacedBody(request.body))
            with self.faults.around(request):
                response = self._routes(request)
        except S3Error as error:
            response = Response.of_error(error, request_id, host_id)
        except BodyCutShort:
            response = Response.of_error(refusal("IncompleteBody"), request_id, host_id)
        except TimeoutError:
            response = Response.of_error(refusal("RequestTimeout"), request_id, host_id)
        except Dropped:
            return None
        except Exception:  # noqa: BLE001 -- whatever it is, the client gets a response, and the log the cause
            _log.exception("S3 failed at request %s", request_id)
            response = Response.of_error(refusal("InternalError"), request_id, host_id)
        if request.method != "OPTIONS" and request.origin:
            rules = self._routes.cors_rules(request) or ()
            response.headers += granted(rules, request.headers, request.method)
        return response

    def _report_exchange(
        self,
        request: Request,
        response: Response,
        headers: list[tuple[str, str]],
        beginning: tuple[float, float],
    ) -> None:
        if self._report is not None and not request.has(UNWATCHED):
            started, counted_from = beginning
            self._report(described(request, response, headers, started, monotonic() - counted_from))


def create_app(
    options: Options,
    *,
    clock: Clock | None = None,
    report: Callable[[dict[str, Any]], None] | None = None,
    faults: Faults | None = None,
) -> Front:
    """Return S3 as a WSGI app. moto is there once in a process: making another app empties this one.

    Args:
        options: what it is started with; its folder is removed with the app if they name none. What they say
            of the address and of TLS is up to who serves the app.
        clock: tells the time; the machine's by default.
        report: called with every exchange, as `described` returns it, and with each delivery of an event.
        faults: simulated failures; none by default.
    """
    folder = options.data or Path(tempfile.mkdtemp(prefix="s3-"))
    first = [
        FirstBucket(name, options.region, options.cors, options.policy_of(name)) for name in options.buckets
    ]
    archive = Archive(folder, durable=options.data is not None and not options.no_fsync)
    webhooks = {name: Webhook(name, url, report) for name, url in options.event_webhooks.items()}
    store = Store(archive, first, Events(webhooks, options.account), options.account)
    credentials = {access_key: Credential.parse(text) for access_key, text in options.credentials.items()}
    machine, faults = ShiftedClock(), faults or Faults()
    clock = faults.clock(clock or machine)
    authenticator = Authenticator(credentials, clock, machine)
    domains = (LOCAL_DOMAIN, *map(str.lower, options.domains))
    names = Names(domains, options.public_url, options.trust_proxy)
    app = Front(store, authenticator, clock, RequestIds(options.seed), report, faults, names)
    if options.data is None:
        weakref.finalize(app, shutil.rmtree, folder, ignore_errors=True)
    return app


def described(
    request: Request, response: Response, headers: Iterable[tuple[str, str]], started: float, seconds: float
) -> dict[str, Any]:
    """Return an exchange as JSON: request and response, when it was, and how long it took.

    It started when the request's head was there, in seconds since 1970 by the machine's clock.
    """
    query = urlencode([(name, value) for name, value in _masked(request.query)], quote_via=quote)
    host = request.headers.get("host", "localhost")
    return {
        "started": started,
        "seconds": round(seconds, 6),
        "operation": request.operation.name,
        "fault": request.struck[0] if request.struck else "",
        "request": {
            "method": request.method,
            "url": f"{request.scheme}://{host}{quote(request.path)}{'?' if query else ''}{query}",
            "headers": _masked(request.headers.items()),
            "bucket": request.bucket,
            "key": request.key,
            "fields": _masked(request.fields.items()),
            "body_bytes": request.body_length or 0,
        },
        "response": {
            "status": int(response.status),
            "headers": [list(pair) for pair in headers],
            "code": response.code,
            "message": response.message,
            "body_bytes": response.length,
            "body": _TOKEN.sub(rf"\1{MASK}", b"".join(response.body).decode()) if response.code else "",
        },
    }


def _masked(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[name, MASK if _SECRET.fullmatch(name.lower()) else value] for name, value in pairs]
