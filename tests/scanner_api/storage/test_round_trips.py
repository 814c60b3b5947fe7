"""How many round trips to PostgreSQL the operations of the stores take: these are most of their time."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import event

from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.proposals import Proposal, ProposalStatus
from scanner_api.scanning.scans.sessions import ScanSession
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.database import Database
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.photos import PhotoStore
from scanner_api.storage.scans.proposals import ProposalStore
from scanner_api.storage.scans.sessions import SessionStore

TTL = 3600


class RoundTrips(list):
    """The statements of a database, and what begins and ends its transactions."""

    def __init__(self, database):
        super().__init__()
        engine = database._engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *executed: self.append(executed[2]))
        event.listen(engine, "connect", self._listen)

    def _listen(self, connection, _record):
        connection.driver_connection.add_query_logger(self._log)  # which logs what is not prepared alone

    def _log(self, logged):
        if logged.query.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            self.append(logged.query)

    async def of(self, call):
        """Await a call, and return its round trips."""
        self.clear()
        await call
        return list(self)


def test_what_an_operation_asks_postgresql(migrated_postgresql_url, run_in, clock, session, scanned, milk):
    """A write of one statement is one round trip; a transaction has no statement that it could do without."""

    def proposal(number, status):
        return Proposal(
            id=f"proposal {number}",
            capture_id="capture",
            field_name="ingredients",
            current_value="",
            proposed_value=f"Milk {number}.",
            confidence="0.90",
            reasoning="",
            source="local_ocr",
            status=status,
            metadata={},
            created=clock.now(),
        )

    def photo(name):
        return Photo(
            id=name,
            session_id=session["id"],
            photo_type="front",
            s3_key=name,
            original_filename="a.png",
            file_size=1,
            media_type="image/png",
            sort_order=0,
            metadata={},
            created=clock.now(),
        )

    async def scenario(_):
        database = Database(migrated_postgresql_url)
        trips = RoundTrips(database)
        stores = SimpleNamespace(
            sessions=SessionStore(database, clock, TTL),
            captures=CaptureStore(database, clock, TTL),
            photos=PhotoStore(database, clock, TTL),
            proposals=ProposalStore(database, clock),
        )
        products = ProductStore(database, clock)
        await products.upsert_many([milk])
        sold = (await products.by_gtin(milk.gtin)).short_id
        others = [ScanSession(**{**session, "id": f"other {number}"}) for number in range(2)]
        for other in others:
            await stores.sessions.create(other)
        await stores.sessions.create(ScanSession(**session))
        await stores.captures.add(scanned(product_short_id=sold))
        await stores.captures.add(scanned(id="failed", status=CaptureStatus.FAILED))
        for name in "ab":
            await stores.photos.add(photo(name))
        statuses = ProposalStatus.PENDING, ProposalStatus.ACCEPTED
        await stores.proposals.add_many([proposal(*numbered) for numbered in enumerate(statuses)])
        calls = {
            "create session": stores.sessions.create(ScanSession(**{**session, "id": "new"})),
            "end session": stores.sessions.close(others[0].id, submit=False),
            "submit session": stores.sessions.close(others[1].id, submit=True),
            "create capture": stores.captures.add(scanned(id="new")),
            "create 20 captures": stores.captures.add_many([scanned(id=f"{n}") for n in range(20)]),
            "retry capture": stores.captures.retry(scanned(id="failed")),
            "list captures": stores.captures.page(session["id"], page=1, page_size=20),
            "review proposal": stores.proposals.review("proposal 0", ProposalStatus.REJECTED),
            "apply proposals": stores.proposals.apply("capture"),
            "register photo": stores.photos.add(photo("c")),
            "reorder photos": stores.photos.reorder(session["id"], ["c", "b", "a"]),
        }
        queries = {name: await trips.of(call) for name, call in calls.items()}
        await database.close()
        return queries

    queries = run_in(migrated_postgresql_url, scenario)
    assert {name: len(each) for name, each in queries.items()} == {
        "create session": 1,
        "end session": 1,
        "submit session": 1,
        "create capture": 1,
        "create 20 captures": 4,
        "retry capture": 1,
        "list captures": 1,
        "review proposal": 4,
        "apply proposals": 5,
        "register photo": 4,
        "reorder photos": 5,
    }, queries
