"""A database with everything of two organizations, and a bucket that may go away."""

from datetime import timedelta

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import LargeBinary, select

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore, WebSession
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore, User
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.schema.tables import (
    captures,
    freshness_rules,
    metadata,
    photos,
    product_overrides,
    proposals,
    redirect_rules,
    scan_sessions,
)

IDS = {"organization": "organization", "other": "other \x00 \\"}
AGE = timedelta(days=90)


class Bucket:
    """Objects by key; it responds as often as `calls` says."""

    def __init__(self, calls=1000):
        self.objects = set()
        self.calls = calls
        self.most = 0

    async def delete(self, keys):
        """Delete objects, also those that are not there."""
        if not self.calls:
            raise ServiceUnavailable("The photo bucket does not respond.")
        self.calls -= 1
        self.most = max(self.most, len(keys))
        self.objects -= set(keys)


@pytest.fixture
def bucket():
    """Return a bucket."""
    return Bucket()


@pytest.fixture
def fill(session, scanned, milk, clock, now, bucket):
    """Fill a database with an organization's everything, and with as much of another one."""

    async def filled(database, number=1, status=SessionStatus.COMPLETED):
        store, keys = OrganizationStore(database), CredentialStore(database)
        await ProductStore(database, clock).upsert_many([milk])
        async with database.snapshot() as connection:
            product = await connection.scalar(select(metadata.tables["products"].c.short_id))
        await store.add_organization(Organization(id=IDS["other"], name="Baker", created=now))
        await store.add_user(User(id="both", email="both@example.com", created=now))
        for name, owner in IDS.items():
            await store.add_user(User(id=name, email=f"{name}@example.com", created=now))
            await store.add_membership(name, owner, "editor")
            await store.add_membership("both", owner, "editor")
            key = ApiKey(id=f"csb {name}", prefix="csb", name="", created=now, organization_id=owner)
            await keys.add_api_key(key, key.id)
            users = replace(key, id=f"csu {name}", prefix="csu", organization_id=None, user_id=name)
            await keys.add_api_key(users, users.id)
            sign_in = WebSession(id=name, user_id=name, created=now, expires_at=now)
            await keys.add_web_session(sign_in, name)
        key = ApiKey(id="csu both", prefix="csu", name="", created=now, user_id="both")
        await keys.add_api_key(key, key.id)
        rows = [row for name in IDS for row in _rows(name, number, status, product)]
        async with database.transaction() as connection:
            for table, row in rows:
                await connection.execute(table.insert(), row)

    def _rows(name, number, status, product):
        owner = IDS[name]
        common = {"organization_id": owner, "product_short_id": product}
        yield product_overrides, {**common, "name": "Milk", "modified": now}
        rule = {"id": f"rule {name}", "url": "https://a.example", "order_index": 0, "created": now}
        yield redirect_rules, {**common, **rule}
        days = {"warning_days": 3, "critical_days": 1}
        yield freshness_rules, {"organization_id": owner, "brick": "", "category_label": "", **days}
        for place in range(number):
            id_ = f"{name} {place}"
            old = now - AGE - timedelta(seconds=place + 1)
            own = {"organization_id": owner, "status": status, "created": old, "modified": old}
            yield scan_sessions, {**session, **own, "id": id_}
            image = f"image {id_}"
            capture = scanned(
                id=id_, session_id=id_, status=CaptureStatus.COMPLETED, uploaded_image_key=image
            )
            row = asdict(capture)
            del row["product_name"]
            yield captures, row
            photo = dict.fromkeys(("photo_type", "original_filename", "media_type"), "front")
            yield (
                photos,
                {
                    **photo,
                    "id": id_,
                    "session_id": id_,
                    "s3_key": f"photo {id_}",
                    "file_size": 1,
                    "sort_order": 0,
                    "metadata": {},
                    "created": now,
                    "capture_id": id_,
                },
            )
            bucket.objects |= {image, f"photo {id_}"}
            proposal = dict.fromkeys(("current_value", "proposed_value", "confidence", "reasoning"), "")
            about = {"field_name": "name", "source": "label", "status": "PENDING", "metadata": {}}
            yield proposals, {**proposal, **about, "id": id_, "capture_id": id_, "created": now}

    return filled


async def contents(database):
    """Return the rows of every table that has some, as text."""
    found = {}
    async with database.snapshot() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if not isinstance(column.type, LargeBinary)]
            if rows := (await connection.execute(select(*columns))).all():
                found[table.name] = sorted(map(repr, rows))
    return found


async def exhaust(steps):
    """Do all steps, and return how many there were."""
    return len([None async for _ in steps])


def about(found, name):
    """Return what of the contents of a database is about an organization, by table."""
    ids = (repr(IDS[name]), f"'{name}", f" {name}'", f"{name}@", f" {name} ")
    return {
        table: rows
        for table, every in found.items()
        if (rows := [row for row in every if any(each in row for each in ids)])
    }
