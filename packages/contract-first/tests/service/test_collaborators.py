"""Collaborators are found by name and by class, for an app or for each request; hooks run around handlers."""

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Protocol

import httpx2
import pytest

from contract_first import Conflict, Hook, Request, Response, create_app, per_request
from contract_first.contract import Contract
from contract_first.service import ResolverError
from contract_first.service.context.collaborators import PerRequest

TEXT = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}}
LINES = {"200": {"description": "", "content": {"application/jsonl": {"itemSchema": {"type": "string"}}}}}


class Database:
    """Notes what is done with it."""

    def __init__(self):
        self.events = []


class Session:
    """One of a request."""

    def __init__(self, database):
        self.database = database


class Repository:
    """Uses the session."""

    def __init__(self, session):
        self.session = session


@per_request
async def session(database: Database, request: Request) -> AsyncIterator[Session]:
    """Commit, or roll back."""
    database.events.append(f"begin {request.operation_id}")
    try:
        yield Session(database)
    except Exception as error:
        database.events.append(f"rollback: {type(error).__name__}")
        raise
    database.events.append("commit")


@per_request
async def repository(session: Session) -> AsyncIterator[Repository]:
    """Make one."""
    yield Repository(session)


def app_of(handler, responses=TEXT, collaborators=None, **options):
    """Bind ``GET /`` to a handler."""
    operation = {"operationId": "op", "tags": ["a"], "responses": responses}
    document = {
        "openapi": "3.2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"get": operation}},
    }
    return create_app(Contract(document, "t"), {"op": handler}, collaborators=collaborators or {}, **options)


async def ask(app, method="GET"):
    """Send one request."""
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://t.test") as client:
        return await client.request(method, "/")


@pytest.fixture
def database():
    """Notes what is done."""
    return Database()


@pytest.fixture
def shared(database):
    """The collaborators of an app."""
    return {"database": database, "session": session, "repository": repository}


async def test_by_class_and_by_name(database, shared):
    """One session is opened for a request, for all that ask for it, and committed before it is sent."""

    async def op(db: Database, repository, unit: Session, req: Request):
        assert db is database
        assert repository.session is unit
        assert isinstance(req, Request)
        db.events.append("handled")
        return "done"

    assert (await ask(app_of(op, collaborators=shared))).status_code == 200
    assert database.events == ["begin op", "handled", "commit"]


async def test_what_no_handler_needs_is_not_opened(database, shared):
    """A handler without a session has none."""

    async def op():
        return "done"

    assert (await ask(app_of(op, collaborators=shared))).status_code == 200
    assert database.events == []


@pytest.mark.parametrize(
    ("returned", "status", "event"),
    [
        (Conflict("Sold."), 409, "rollback: Conflict"),
        (KeyError("a"), 500, "rollback: KeyError"),
        (5, 500, "rollback: ViolationError"),
    ],
)
async def test_rolled_back(database, shared, returned, status, event):
    """A problem, any other exception, and a response that violates the contract are raised in the session."""

    async def op(session):
        assert isinstance(session, Session)
        if isinstance(returned, Exception):
            raise returned
        return returned

    assert (await ask(app_of(op, collaborators=shared))).status_code == status
    assert database.events == ["begin op", event]


async def test_a_commit_that_fails():
    """The client gets a 500, as nothing is sent before."""

    @per_request
    async def session() -> AsyncIterator[str]:
        yield "a"
        raise RuntimeError("the disk is full")

    async def op(session):
        return session

    assert (await ask(app_of(op, collaborators={"session": session}))).status_code == 500


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_stream_is_in_its_session(database, shared, method):
    """The session is closed once the stream has ended, also if that never started."""

    async def op(session):
        async def lines():
            session.database.events.append("line")
            yield "a"

        return lines()

    assert (await ask(app_of(op, LINES, shared), method)).status_code == 200
    assert database.events == ["begin op", *(["line"] if method == "GET" else []), "commit"]


async def test_a_stream_that_fails_is_rolled_back(database, shared):
    """An exception of a stream is raised in its session."""

    async def op(session):
        async def lines():
            yield session.__class__.__name__
            raise KeyError

        return lines()

    with pytest.raises(AssertionError):  # of httpx2, which expects a whole response
        await ask(app_of(op, LINES, shared))
    assert database.events == ["begin op", "rollback: KeyError"]


async def test_a_context_manager_of_ones_own():
    """What ``asynccontextmanager`` made may be opened for each request as well."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[str]:
        yield "a"

    async def op(session):
        return session

    app = app_of(op, collaborators={"session": per_request(opened)})
    assert (await ask(app)).json() == "a"
    assert isinstance(per_request(opened), PerRequest)


def test_what_cannot_be_opened():
    """A function that does not yield is no collaborator of a request."""

    async def made(): ...

    with pytest.raises(TypeError, match="is not an async def function that yields"):
        per_request(made)


@per_request
async def late() -> "AsyncIterator[Later]":
    """Yield what is defined below."""
    yield Later()


class Later:
    """What is defined below the function that yields it."""


async def test_by_a_class_that_comes_later():
    """The annotation of what is opened is read when the app is made."""

    async def op(it: Later):
        return type(it).__name__

    assert (await ask(app_of(op, collaborators={"late": late}))).json() == "Later"


class Unchecked(Protocol):
    """A protocol that Python does not check."""


@per_request
async def first(second):
    """Need the second."""
    yield second


@per_request
async def second(first):
    """Need the first."""
    yield first


@per_request
async def lacking(missing):
    """Need what is not there."""
    yield missing


async def _by_class(db: Database): ...


async def _by_protocol(db: Unchecked): ...


async def _circular(first): ...


async def _lacking(lacking): ...


@pytest.mark.parametrize(
    ("handler", "collaborators", "reason"),
    [
        (_by_class, {"one": Database(), "two": Database()}, "by 'db', which 'one' and 'two' are"),
        (_by_class, {}, "it asks for 'db'"),
        (_by_protocol, {"one": Database()}, "it asks for 'db'"),
        (_circular, {"first": first, "second": second}, "'first' needs itself: first -> second -> first"),
        (_lacking, {"lacking": lacking}, "The collaborator 'lacking' asks for 'missing'"),
    ],
)
def test_what_fails_the_start(handler, collaborators, reason):
    """One sentence says what is asked for in vain, twice or by itself."""
    with pytest.raises(ResolverError, match=reason):
        app_of(handler, collaborators=collaborators)


async def test_overridden_before_the_start():
    """What an app opens when it starts is not opened where a test has its own."""
    opened = []

    @asynccontextmanager
    async def opening():
        opened.append(1)
        yield {"name": "real"}

    async def op(name):
        return name

    app = app_of(op, collaborators=opening)
    with app.override(name="fake"):
        assert (await ask(app)).json() == "fake"
    assert opened == []
    assert (await ask(app)).json() == "real"
    with app.override(name="other"):
        assert (await ask(app)).json() == "other"
    assert (await ask(app)).json() == "real"
    await app.stop()
    assert opened == [1]


def opened_by_number():
    """Return an app whose handler responds with the number of the event loop that it was opened in."""
    numbers = count(1)

    @asynccontextmanager
    async def opening():
        yield {"name": f"{next(numbers)}", "other": None}

    async def op(name, other):
        return f"{name}, {other}"

    return app_of(op, collaborators=opening)


def test_overridden_in_one_of_two_event_loops():
    """What is not overridden is that of the running event loop, or else of one that has not ended."""
    app = opened_by_number()

    async def override():
        with app.override(other="fake"):
            return (await ask(app)).json()

    with asyncio.Runner() as first:
        first.run(app.start())
        with asyncio.Runner() as second:
            second.run(app.start())
            assert (first.run(override()), second.run(override())) == ("1, fake", "2, fake")
        assert first.run(override()) == "1, fake"
        with app.override(other="fake"), app.override(other="another"):
            assert first.run(ask(app)).json() == "1, another"


def test_an_event_loop_that_was_closed_unstopped_is_forgotten():
    """Nothing holds it once the app is started in another one."""
    app = opened_by_number()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(app.start())
    loop.close()
    closed = weakref.ref(loop)
    del loop
    assert asyncio.run(ask(app)).json() == "2, None"
    gc.collect()
    assert closed() is None


async def test_hooks_run_in_order():
    """The first is the outermost; each may replace the response or raise a problem."""
    events = []

    async def outer(_request, call):
        events.append("outer")
        response = await call()
        events.append(f"outer {response.body}")
        return response.body + "!", 200

    def before(_request, _arguments):
        events.append("before")

    def after(_request, response):
        events.append("after")
        return Response(response.body * 2)

    async def op():
        events.append("handler")
        return "a"

    hooks = [Hook.around(outer), Hook.before(before, tag="a"), Hook.after(after, operation="op")]
    assert (await ask(app_of(op, hooks=hooks))).json() == "aa!"
    assert events == ["outer", "before", "handler", "after", "outer aa"]


@pytest.mark.parametrize(
    ("of", "named"), [({"tag": "b"}, "tag 'b'"), ({"operation": "x"}, "operationId 'x'")]
)
def test_a_hook_of_nothing_fails_the_start(of, named):
    """A tag or an operationId that the contract does not have is named."""

    async def op(): ...

    with pytest.raises(ResolverError, match=named):
        app_of(op, hooks=[Hook.before(op, **of)])


async def test_work_after_the_response_that_fails(caplog):
    """It is logged, and what comes behind it is done; a response that is a problem has none."""
    done = []

    def fail():
        raise KeyError

    async def op(request):
        request.after_response(fail)
        request.after_response(done.append, "a")
        return "a"

    async def refuse(request):
        request.after_response(done.append, "b")
        raise Conflict

    with caplog.at_level(logging.ERROR):
        assert (await ask(app_of(op))).status_code == 200
        assert (await ask(app_of(refuse))).status_code == 409
    assert done == ["a"]
    assert "Work after the response failed" in caplog.text
