"""A request with a key has one effect and one response, whatever happens between its tries."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from contract_first.service.idempotency import Attempt, KeyInUse, KeyReused
from contract_first.service.messages.problems import Conflict
from scanner_api.access.callers import Caller
from scanner_api.storage.accounts import idempotency
from scanner_api.storage.accounts.idempotency import LEASE, LIFE, IdempotencyStore
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.schema.tables import idempotency_keys, users

CALLER = Caller("key:2b3c", frozenset({"organization"}))
ATTEMPT = Attempt("create", CALLER, "key", "f" * 64)


@pytest.fixture
def creation(rows):
    """Return what makes the function of a request that adds a row, which it names in its response."""

    def creation(database, name="first", error=None):
        async def run():
            async with database.transaction() as connection:
                await rows.add(connection, name)
            if error is not None:
                raise error
            return name.encode()

        return run

    return creation


def at_once(store, attempt, run):
    """Try a request while another one is run, as another task does."""
    return asyncio.create_task(store.once(attempt, run))


async def stored(database):
    """Return how many keys are stored."""
    async with database.snapshot() as connection:
        return await connection.scalar(select(func.count()).select_from(idempotency_keys))


def test_the_second_try_gets_the_response_of_the_first(in_database, clock, creation, rows):
    """It has no effect, for 24 hours; then the key is as good as new."""

    async def scenario(database):
        store = IdempotencyStore(database, clock)
        responses = [await store.once(ATTEMPT, creation(database))]
        clock.advance((LIFE - timedelta(seconds=1)).total_seconds())
        responses.append(await store.once(ATTEMPT, creation(database, "second")))
        clock.advance(1)
        responses.append(await store.once(ATTEMPT, creation(database, "third")))
        return responses, await rows.count(database)

    assert in_database(scenario) == ([b"first", b"first", b"third"], 2)


@pytest.mark.parametrize(
    "other",
    [
        ATTEMPT._replace(key="other"),
        ATTEMPT._replace(operation_id="other"),
        ATTEMPT._replace(caller=Caller("key:other", frozenset({"organization"}))),
        ATTEMPT._replace(caller=Caller("key:2b3c", frozenset({"other"}))),
    ],
)
def test_a_key_counts_for_an_operation_and_a_credential(in_database, clock, creation, rows, other):
    """The same key of another credential, for other organizations or another operation, is another one."""

    async def scenario(database):
        store = IdempotencyStore(database, clock)
        await store.once(ATTEMPT, creation(database))
        response = await store.once(other, creation(database, "second"))
        return response, await rows.count(database)

    assert in_database(scenario) == (b"second", 2)


def test_a_key_that_was_sent_with_another_request_is_refused(in_database, clock, creation, rows):
    """Whether that has ended or not."""

    async def scenario(database):
        store = IdempotencyStore(database, clock)
        other = ATTEMPT._replace(fingerprint="0" * 64)

        async def run():
            with pytest.raises(KeyReused):
                await at_once(store, other, creation(database, "within"))
            return await creation(database)()

        await store.once(ATTEMPT, run)
        with pytest.raises(KeyReused) as refused:
            await store.once(other, creation(database, "later"))
        return refused.value, await rows.count(database)

    refused, number = in_database(scenario)
    assert (refused.status, refused.violations[0].name, number) == (422, "Idempotency-Key", 1)


def test_of_two_tries_at_once_one_is_refused(in_shared_database, shared_url, clock, creation, rows):
    """Also in another process, which has connections of its own: 409, to be tried again in a second."""

    async def scenario(database):
        store, other = IdempotencyStore(database, clock), Database(shared_url)

        async def run():
            for each in (database, other):
                with pytest.raises(KeyInUse) as refused:
                    await at_once(IdempotencyStore(each, clock), ATTEMPT, creation(each, "within"))
            assert (refused.value.status, refused.value.headers["Retry-After"]) == (409, "1")
            assert refused.value.is_transient
            return await creation(database)()

        await store.once(ATTEMPT, run)
        response = await IdempotencyStore(other, clock).once(ATTEMPT, creation(other, "later"))
        await other.close()
        return response, await rows.count(database)

    assert in_shared_database(scenario) == (b"first", 1)


def test_the_keys_of_strangers_are_not_compared(in_database, clock, creation):
    """Each anonymous request is run, whatever its key."""

    async def scenario(database):
        store, attempt = IdempotencyStore(database, clock), ATTEMPT._replace(caller=None)
        responses = [await store.once(attempt, creation(database, name)) for name in ("first", "second")]
        return responses, await stored(database)

    assert in_database(scenario) == ([b"first", b"second"], 0)


def test_what_the_schema_refuses_is_the_same_error_later_in_a_unit(in_database, clock, rows):
    """A duplicate is a ConstraintError in the second transaction of a request, too."""

    async def scenario(database):
        async def run():
            async with database.transaction() as connection:
                await rows.add(connection, "same")
            with pytest.raises(ConstraintError):
                async with database.transaction() as connection:
                    await rows.add(connection, "same")
            raise Conflict("no")

        with pytest.raises(Conflict):
            await IdempotencyStore(database, clock).once(ATTEMPT, run)
        return await rows.count(database), await stored(database)

    assert in_database(scenario) == (0, 0)


@pytest.mark.parametrize("error", [Conflict("no"), ValueError("bug"), asyncio.CancelledError()])
def test_what_ends_without_a_response_leaves_nothing(in_database, clock, creation, rows, error):
    """Neither an effect nor a claim: the same key can be sent again at once."""

    async def scenario(database):
        store = IdempotencyStore(database, clock)
        with pytest.raises(type(error)):
            await store.once(ATTEMPT, creation(database, error=error))
        before = await rows.count(database), await stored(database)
        response = await store.once(ATTEMPT, creation(database, "second"))
        return before, response, await rows.count(database)

    assert in_database(scenario) == ((0, 0), b"second", 1)


def test_a_claim_whose_process_died_is_taken_over(in_database, clock, creation):
    """Once its lease is over; if it lives after all it finds that out, and has no effect."""

    async def scenario(database):
        store = IdempotencyStore(database, clock)

        async def run():
            clock.advance(LEASE.total_seconds())
            assert await at_once(store, ATTEMPT, creation(database, "second")) == b"second"
            return await creation(database)()

        with pytest.raises(KeyInUse):
            await store.once(ATTEMPT, run)
        response = await store.once(ATTEMPT, creation(database, "third"))
        return response, [tuple(row) for row in await database.fetch(select(users.c.id))]

    assert in_database(scenario) == (b"second", [("second",)])


def test_a_claim_is_renewed_while_its_process_lives(in_database, clock, creation, monkeypatch, rows):
    """However long a request takes, no other try takes it over."""
    monkeypatch.setattr(idempotency, "_RENEWAL_SECONDS", 0.01)

    async def scenario(database):
        store, ends = IdempotencyStore(database, clock), select(idempotency_keys.c.expires_at)

        async def run():
            for _ in range(3):
                clock.advance(LEASE.total_seconds() - 1)
                async with asyncio.timeout(30):
                    while list(await database.fetch(ends)) != [(clock.now() + LEASE,)]:  # noqa: ASYNC110 -- it is no event
                        await asyncio.sleep(0.01)
                with pytest.raises(KeyInUse):
                    await at_once(store, ATTEMPT, creation(database, "second"))
            return await creation(database)()

        return await store.once(ATTEMPT, run), await rows.count(database)

    assert in_database(scenario) == (b"first", 1)


@pytest.mark.parametrize(("age", "seconds"), [(0.5, "1"), (2, "2"), (2.5, "3"), (4.5, "1")])
def test_the_longer_a_claim_is_held_the_later_is_the_next_try(in_database, clock, creation, age, seconds):
    """As long as it was held already, and no longer than until another try may take it over."""

    async def scenario(database):
        store = IdempotencyStore(database, clock)

        async def run():
            clock.advance(age)
            with pytest.raises(KeyInUse) as refused:
                await at_once(store, ATTEMPT, creation(database))
            return refused.value.headers["Retry-After"].encode()

        return await store.once(ATTEMPT, run)

    assert in_database(scenario) == seconds.encode()


def test_a_request_without_an_effect_is_stored_too(in_database, clock):
    """As of one that only asks others."""

    async def scenario(database):
        store = IdempotencyStore(database, clock)

        async def run(response):
            return response

        return [await store.once(ATTEMPT, lambda each=each: run(each)) for each in (b"1", b"2")]

    assert in_database(scenario) == [b"1", b"1"]


def test_what_has_expired_is_deleted_in_batches(in_database, clock, monkeypatch):
    """Keys that still count stay."""
    monkeypatch.setattr(idempotency, "_BATCH", 2)

    async def scenario(database):
        store = IdempotencyStore(database, clock)

        async def run():
            return b""

        for number in range(5):
            await store.once(ATTEMPT._replace(key=str(number)), run)
        clock.advance(LIFE.total_seconds())
        await store.once(ATTEMPT, run)
        before = await stored(database)
        await store.expire()
        return before, await stored(database)

    assert in_database(scenario) == (6, 1)


def test_other_tasks_do_not_take_part_in_a_unit(in_database, rows):
    """What a task that starts within writes is committed by itself, and before the unit."""

    async def scenario(database):
        called = []

        async def write(user_id, said):
            async with database.transaction() as connection:
                await rows.add(connection, user_id)
            database.after_commit(lambda: called.append(said))

        async def unit():
            async with database.unit():
                await asyncio.create_task(write("of another task", "at once"))
                await write("of the unit", "never")
                await write("of the unit too", "never")
                raise ValueError("rolled back")

        with pytest.raises(ValueError, match="rolled back"):
            await unit()
        async with database.unit():
            database.after_commit(lambda: called.append("at the end"))
            assert called == ["at once"]
        return called, await rows.count(database)

    assert in_database(scenario) == (["at once", "at the end"], 1)
