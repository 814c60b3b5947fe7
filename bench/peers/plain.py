"""What a team writes in a week: FastAPI and SQLAlchemy (async) on the same columns, with no checks at all."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import boto3
import httpx2
from botocore.config import Config
from fastapi import Body, FastAPI, Form, UploadFile
from sqlalchemy import Select, Table, func, select
from sqlalchemy.ext.asyncio import create_async_engine

from scanner_api.storage.schema.tables import (
    captures,
    freshness_rules,
    photos,
    products,
    proposals,
    redirect_rules,
    scan_sessions,
)

V1 = "/scanner/api/v1"
ORGANIZATION = os.environ["BENCH_ORGANIZATION"]
Json = dict[str, Any]
app = FastAPI()
engine = create_async_engine(os.environ["BENCH_DATABASE_URL"])
s3 = boto3.client(
    "s3",
    region_name="us-west-2",
    endpoint_url=os.environ["BENCH_S3"],
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
)
pages = httpx2.AsyncClient(trust_env=False)


def new(**values: Any) -> Json:
    """Return a row with an id and a time."""
    return {"id": uuid4().hex[:22], "created": datetime.now(UTC), **values}


async def rows(statement: Select[Any]) -> list[Json]:
    """Read rows."""
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def row(table: Table, id_: str) -> Json:
    """Read a row by its id."""
    return (await rows(select(table).where(table.c.id == id_)))[0]


async def page_of(table: Table, condition: Any, order: Any, page: int, page_size: int) -> Json:
    """Read a page, and count all rows."""
    statement = select(table).where(condition)
    async with engine.connect() as connection:
        total = await connection.scalar(select(func.count()).select_from(statement.subquery()))
        ordered = statement.order_by(order).limit(page_size).offset((page - 1) * page_size)
        data = [dict(row) for row in (await connection.execute(ordered)).mappings()]
    return {"data": data, "pagination": {"page": page, "page_size": page_size, "total_count": total}}


async def execute(*statements: Any) -> None:
    """Write in one transaction."""
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(statement)


async def update(table: Table, id_: str, **values: Any) -> Json:
    """Write a row, and read it."""
    await execute(table.update().where(table.c.id == id_).values(values))
    return await row(table, id_)


@app.get(f"{V1}/sessions")
async def list_sessions(page: int = 1, page_size: int = 20) -> Json:
    mine = scan_sessions.c.organization_id == ORGANIZATION
    return await page_of(scan_sessions, mine, scan_sessions.c.created.desc(), page, page_size)


@app.post(f"{V1}/sessions", status_code=201)
async def create_session(body: Annotated[Json, Body()]) -> Json:
    now = datetime.now(UTC)
    session = new(
        organization_id=ORGANIZATION,
        created_by="bench",
        status="ACTIVE",
        extraction_status="NOT_STARTED",
        capture_mode=body.get("capture_mode", "both"),
        metadata=body.get("metadata", {}),
        user_agent="",
        device_context={},
        modified=now,
        capture_count=0,
        photo_count=0,
    )
    await execute(scan_sessions.insert().values(session))
    return session


@app.get(f"{V1}/sessions/{{id_}}")
async def get_session(id_: str) -> Json:
    scans = await rows(select(captures).where(captures.c.session_id == id_).order_by(captures.c.created))
    gallery = await rows(select(photos).where(photos.c.session_id == id_).order_by(photos.c.sort_order))
    return {**await row(scan_sessions, id_), "captures": scans, "product_photos": gallery}


@app.get(f"{V1}/sessions/{{id_}}/status")
async def get_session_status(id_: str) -> Json:
    states = await rows(select(captures.c.id, captures.c.status).where(captures.c.session_id == id_))
    session = await row(scan_sessions, id_)
    return {"session_status": session["status"], "captures": states}


@app.post(f"{V1}/sessions/{{id_}}/end")
@app.post(f"{V1}/sessions/{{id_}}/submit")
async def end_session(id_: str) -> Json:
    return await update(scan_sessions, id_, status="COMPLETED", modified=datetime.now(UTC))


def scan(session_id: str, raw_value: str, **more: Any) -> Json:
    return new(
        session_id=session_id,
        status="PENDING",
        capture_type="BARCODE",
        raw_value=raw_value,
        gtin="",
        error_message="",
        metadata={},
        gs1_dl_data={},
        attempts=0,
        **more,
    )


def counting(session_id: str, **counts: int) -> Any:
    columns = {name: scan_sessions.c[name] + number for name, number in counts.items()}
    return scan_sessions.update().where(scan_sessions.c.id == session_id).values(columns)


@app.post(f"{V1}/captures", status_code=201)
async def create_capture(body: Annotated[Json, Body()]) -> Json:
    capture = scan(body["session_short_id"], body["raw_value"])
    await execute(counting(capture["session_id"], capture_count=1), captures.insert().values(capture))
    return capture


@app.post(f"{V1}/captures/bulk")
async def create_captures_bulk(body: Annotated[Json, Body()]) -> list[Json]:
    scans = [scan(item["session_short_id"], item["raw_value"]) for item in body["scans"]]
    await execute(counting(scans[0]["session_id"], capture_count=len(scans)), captures.insert().values(scans))
    return scans


@app.post(f"{V1}/captures/upload-image", status_code=201)
async def upload_image(session_short_id: Annotated[str, Form()], image: UploadFile) -> Json:
    capture = scan(session_short_id, "", uploaded_image_key=f"scanner/{uuid4().hex}.png")
    content = await image.read()
    await asyncio.to_thread(s3.put_object, Bucket="photos", Key=capture["uploaded_image_key"], Body=content)
    await execute(counting(session_short_id, capture_count=1), captures.insert().values(capture))
    return capture


@app.get(f"{V1}/captures/{{id_}}")
async def get_capture(id_: str) -> Json:
    joined = select(captures, products.c.name).outerjoin(
        products, products.c.short_id == captures.c.product_short_id
    )
    return (await rows(joined.where(captures.c.id == id_)))[0]


@app.post(f"{V1}/captures/{{id_}}/retry")
async def retry_capture(id_: str) -> Json:
    return await update(captures, id_, status="PENDING", attempts=0)


@app.get(f"{V1}/captures/{{id_}}/proposals")
async def list_proposals(id_: str) -> list[Json]:
    return await rows(select(proposals).where(proposals.c.capture_id == id_).order_by(proposals.c.created))


@app.patch(f"{V1}/proposals/{{id_}}")
async def review_proposal(id_: str, body: Annotated[Json, Body()]) -> Json:
    return await update(proposals, id_, status=body["status"], reviewed_at=datetime.now(UTC))


@app.post(f"{V1}/captures/{{id_}}/apply")
async def apply_proposals(id_: str) -> list[Json]:
    accepted = proposals.update().where(proposals.c.capture_id == id_, proposals.c.status == "ACCEPTED")
    await execute(accepted.values(applied_at=datetime.now(UTC)))
    return await list_proposals(id_)


@app.get(f"{V1}/sessions/{{id_}}/presigned-upload-url")
async def get_presigned_upload_url(id_: str, photo_type: str, original_filename: str) -> Json:
    key = f"scanner/photos/{photo_type}/{id_}/{uuid4().hex}.{original_filename.rpartition('.')[2]}"
    post = s3.generate_presigned_post("photos", key, ExpiresIn=3600)
    return {"upload_url": post["url"], "upload_fields": post["fields"], "s3_key": key, "expires_in": 3600}


@app.get(f"{V1}/sessions/{{id_}}/photos")
async def list_photos(id_: str, page: int = 1, page_size: int = 20) -> Json:
    return await page_of(photos, photos.c.session_id == id_, photos.c.sort_order, page, page_size)


@app.post(f"{V1}/sessions/{{id_}}/photos", status_code=201)
async def register_photo(id_: str, body: Annotated[Json, Body()]) -> Json:
    stored = await asyncio.to_thread(s3.head_object, Bucket="photos", Key=body["s3_key"])
    photo = new(
        session_id=id_,
        photo_type=body["photo_type"],
        s3_key=body["s3_key"],
        original_filename="",
        file_size=stored["ContentLength"],
        media_type=stored["ContentType"],
        sort_order=0,
        metadata={},
    )
    await execute(counting(id_, photo_count=1), photos.insert().values(photo))
    return photo


@app.patch(f"{V1}/sessions/{{_session}}/photos/{{id_}}")
async def update_photo(_session: str, id_: str, body: Annotated[Json, Body()]) -> Json:
    return await update(photos, id_, photo_type=body["photo_type"])


@app.post(f"{V1}/sessions/{{id_}}/photos/reorder")
async def reorder_photos(id_: str, body: Annotated[Json, Body()]) -> list[Json]:
    ordered = enumerate(body["photo_short_ids"])
    await execute(
        *(photos.update().where(photos.c.id == photo).values(sort_order=place) for place, photo in ordered)
    )
    return await rows(select(photos).where(photos.c.session_id == id_).order_by(photos.c.sort_order))


@app.post(f"{V1}/resolve-url")
async def resolve_url(body: Annotated[Json, Body()]) -> Json:
    response = await pages.get(body["url"], follow_redirects=True)
    return {"initial_url": body["url"], "final_url": str(response.url), "succeeded": response.is_success}


@app.post(f"{V1}/captures/{{id_}}/save-redirect", status_code=201)
async def save_redirect(id_: str, body: Annotated[Json, Body()]) -> Json:
    capture = await row(captures, id_)
    product = capture["product_short_id"]
    of_product = redirect_rules.c.product_short_id == product
    async with engine.begin() as connection:
        await connection.scalar(select(func.count()).select_from(redirect_rules).where(of_product))
        rule = new(
            organization_id=ORGANIZATION,
            product_short_id=product,
            url=body["url"],
            order_index=uuid4().int >> 97,
        )
        await connection.execute(redirect_rules.insert().values(rule))
    return rule


@app.get(f"{V1}/freshness-thresholds")
async def get_freshness_thresholds(gtin: str) -> list[Json]:
    await rows(select(products).where(products.c.gtin == gtin))
    return await rows(select(freshness_rules).where(freshness_rules.c.organization_id == ORGANIZATION))


@app.get(f"{V1}/sessions/{{id_}}/captures")
async def list_captures(id_: str, page: int = 1, page_size: int = 20) -> Json:
    return await page_of(captures, captures.c.session_id == id_, captures.c.created.desc(), page, page_size)
