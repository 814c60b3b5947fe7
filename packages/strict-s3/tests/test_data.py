"""The data folder: all that was confirmed is there after any end of the process."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import queue
import re
import signal
import stat
import sys
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from strict_s3 import Server
from strict_s3.app import create_app
from strict_s3.cli import main
from strict_s3.messages.checksums import ContentMd5
from strict_s3.messages.errors import S3Error
from strict_s3.messages.orders import Order
from strict_s3.messages.xml import parse
from strict_s3.objects import uploads
from strict_s3.objects.multipart import ListedPart
from strict_s3.options import Options
from strict_s3.store.archive import Archive
from strict_s3.store.content import Content, StoredFile
from strict_s3.store.moto_s3 import models
from strict_s3.store.records import Completed, stored_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strict_s3.objects.store import Store

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills copies of this process")
PART = b"p" * 5 * 1024**2
STATUS = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
VERSIONING = Order("PUT", "photos", "", (("versioning", ""),), {}, "us-east-1", STATUS)
NAMED = b"<Object><Key>k</Key><VersionId>null</VersionId></Object><Object><Key>l</Key></Object>"
DELETION = Order("POST", "photos", body=b"<Delete>%b</Delete>" % NAMED)
CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


@pytest.fixture
def running(tmp_path) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Run S3 on a data folder; yield a client, and what kills it and waits until it responds again."""
    restarted: queue.Queue[str] = queue.Queue()
    options = {"region": "us-east-1", "credentials": {"AKIA": "secret"}, "data": tmp_path}
    with Server("photos", on_restart=restarted.put, **options) as server:

        def kill() -> None:
            server._process.kill()
            restarted.get(timeout=60)

        client = boto3.client(
            "s3", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="AKIA",
            aws_secret_access_key="secret", config=Config(retries={"max_attempts": 0}),
        )  # fmt: skip
        yield client, kill


def facts(response: dict[str, Any]) -> dict[str, Any]:
    """Return what a response says, but for what tells it from another to the same request."""
    return {name: value for name, value in response.items() if name not in ("ResponseMetadata", "Body")}


def test_nothing_is_lost(running):
    """Versions, markers, uploads, locks, tags, ACLs and configuration are as they were when it was killed."""
    client, kill = running
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True, ObjectOwnership="ObjectWriter")
    client.put_bucket_lifecycle_configuration(
        Bucket="locked",
        LifecycleConfiguration={
            "Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}]
        },
    )
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until, "ChecksumAlgorithm": "SHA1"}
    locked = client.put_object(Bucket="locked", Key="k", Body=b"1", ContentType="text/x", **lock)["VersionId"]
    client.delete_object(Bucket="locked", Key="k")
    tagged = client.put_object(Bucket="locked", Key="k", Body=b"2", Tagging="a=b")["VersionId"]
    client.delete_object(Bucket="locked", Key="k")
    last = client.put_object(Bucket="locked", Key="k", Body=b"3", ACL="public-read")["VersionId"]
    client.put_object(Bucket="locked", Key="secret", Body=b"s", **CUSTOMER_KEY)
    hold = {"LegalHold": {"Status": "ON"}, "ChecksumAlgorithm": "CRC32"}
    client.put_object_legal_hold(Bucket="locked", Key="k", VersionId=tagged, **hold)
    created = client.create_multipart_upload(
        Bucket="locked", Key="whole", Metadata={"a": "b"}, Tagging="c=d", ChecksumAlgorithm="CRC32"
    )
    upload = {name: created[name] for name in ("Bucket", "Key", "UploadId")}
    bodies = {1: PART, 2: b"end"}
    for number, body in bodies.items():
        client.upload_part(**upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")

    def state() -> list[Any]:
        return [
            facts(client.list_object_versions(Bucket="locked")),
            *(
                facts(client.get_object(Bucket="locked", Key="k", VersionId=version, ChecksumMode="ENABLED"))
                for version in (locked, tagged, last)
            ),
            facts(client.head_object(Bucket="locked", Key="secret", **CUSTOMER_KEY)),
            facts(client.get_object_acl(Bucket="locked", Key="k")),
            client.get_object_tagging(Bucket="locked", Key="k", VersionId=tagged)["TagSet"],
            facts(client.list_multipart_uploads(Bucket="locked")),
            facts(client.list_parts(**upload)),
            client.get_bucket_lifecycle_configuration(Bucket="locked")["Rules"],
            client.list_buckets()["Buckets"],
        ]

    before = state()
    kill()
    assert state() == before
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket="locked", Key="k", VersionId=locked)
    with pytest.raises(ClientError, match="Bad Request"):
        client.head_object(Bucket="locked", Key="secret")
    listed = client.list_parts(**upload)["Parts"]
    parts = [{name: part[name] for name in ("PartNumber", "ETag", "ChecksumCRC32")} for part in listed]
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    whole = client.get_object(Bucket="locked", Key="whole")
    assert (whole["Body"].read(), whole["Metadata"], whole["TagCount"]) == (PART + b"end", {"a": "b"}, 1)


def test_nothing_is_lost_in_mid_load(running):
    """Every version that was confirmed to a client is there, wherever it was killed."""
    client, kill = running
    client.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    confirmed: list[tuple[str, str, str]] = []
    enough = threading.Event()

    def write(name: str) -> None:
        with suppress(ClientError, BotoCoreError):
            for number in itertools.count():
                put = client.put_object(Bucket="photos", Key=name, Body=f"{name}{number}".encode())
                confirmed.append((name, put["VersionId"], put["ETag"]))
                if len(confirmed) >= 60:
                    enough.set()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    kill()
    for thread in threads:
        thread.join()
    pages = client.get_paginator("list_object_versions").paginate(Bucket="photos")
    versions = {(one["Key"], one["VersionId"], one["ETag"]) for page in pages for one in page["Versions"]}
    assert set(confirmed) <= versions
    for key, version, etag in confirmed[-8:]:
        body = client.get_object(Bucket="photos", Key=key, VersionId=version)["Body"].read()
        assert f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"' == etag


def put(store: Store, key: str, body: bytes) -> None:
    """Put an object."""
    with store.new_content("photos", ContentMd5(None), None) as content:
        content.receive([body], 10)
        content.check()
        store.put_object(Order("PUT", "photos", key), content)


def test_copies_are_made_block_by_block(tmp_path, monkeypatch):
    """No copy of an object, or of a part of one, is whole in memory, not even in moto's."""

    def value(key: Any) -> bytes:
        assert not isinstance(stored_file(key), StoredFile)
        return b""

    monkeypatch.setattr(models.FakeKey, "value", property(value, models.FakeKey.value.fset))
    source = {"x-amz-copy-source": "photos/k"}
    with closing(create_app(Options(buckets=("photos",), credentials={}, data=tmp_path))) as app:
        put(app.store, "k", b"content")
        for key in ("copy", "k"):
            headers = {**source, "x-amz-metadata-directive": "REPLACE"}
            copied = app.store.copy_object(Order("PUT", "photos", key, headers=headers))
            assert b"9a0364b9e99bb480dd25e1f0284c8555" in b"".join(copied.body)
        response = app.store.uploads.begin(Order("POST", "photos", "whole", (("uploads", ""),)))
        upload_id = parse(b"".join(response.body)).findtext("UploadId") or ""
        ranges = {"x-amz-copy-source-range": "bytes=1-3"}
        for number, headers in ((1, source), (2, source | ranges)):
            query = (("uploadId", upload_id), ("partNumber", str(number)))
            app.store.uploads.copy_part(Order("PUT", "photos", "whole", query, headers))
        listed = app.store.serve_list("ListParts", Order("GET", "photos", "whole", query))
        assert re.findall(b"<Size>(.*?)</Size>", b"".join(listed.body)) == [b"7", b"3"]
        contents = sorted(path.read_bytes() for path in tmp_path.glob("photos/objects/*"))
    assert contents == [b"content", b"content", b"content", b"ont"]


def full(*_: object) -> None:
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("versioned", [False, True])
def test_a_full_disk_changes_nothing(versioned, tmp_path, monkeypatch):
    """A change that fails leaves every version as it was, and the next one succeeds."""
    copy = Order("PUT", "photos", "new", headers={"x-amz-copy-source": "photos/k"})
    with closing(create_app(Options(buckets=("photos",), credentials={}, data=tmp_path))) as app:
        store = app.store
        if versioned:
            store.buckets.change(VERSIONING)
        put(store, "k", b"content")
        put(store, "old", b"before")
        before = state_of(store)
        failures: tuple[tuple[Any, str, Callable[[], Any]], ...] = (
            (Content, "check", lambda: store.copy_object(copy)),
            (Content, "check", lambda: store.copy_object(replace(copy, key="old"))),
            (Archive, "save_object", lambda: put(store, "old", b"after")),
            (Archive, "save_object", lambda: store.delete_objects(DELETION, lambda *_: True)),
        )
        for owner, name, change in failures:
            with monkeypatch.context() as patched:
                patched.setattr(owner, name, full)
                with pytest.raises(OSError, match="No space left"):
                    change()
            assert state_of(store) == before
        store.copy_object(replace(copy, key="old"))
        store.delete_objects(DELETION, lambda *_: True)
        assert state_of(store) != before


def upload(store: Store, body: bytes) -> Iterator[None]:
    """Begin an upload, put its one part, that again, and complete it."""
    order = Order("POST", "photos", "whole", (("uploads", ""),))
    upload_id = parse(b"".join(store.uploads.begin(order).body)).findtext("UploadId") or ""
    yield
    for content_ in (b"old", body):
        part = Order("PUT", "photos", "whole", (("uploadId", upload_id), ("partNumber", "1")))
        with store.new_content("photos", ContentMd5(None), None) as content:
            content.receive([content_], 10)
            content.check()
            store.uploads.put_part(part, content)
        yield
    listed = [ListedPart(1, hashlib.md5(body, usedforsecurity=False).hexdigest(), {})]
    store.uploads.complete(replace(part, method="POST"), listed)
    yield


def steps(store: Store) -> Iterator[None]:
    """Change things, a request at a time."""
    store.buckets.create(Order("PUT", "photos"))
    yield
    put(store, "k", b"one")
    yield
    put(store, "k", b"two")
    yield
    store.buckets.change(VERSIONING)
    yield
    put(store, "k", b"three")
    yield
    store.change_object(Order("DELETE", "photos", "k"))
    yield
    store.delete_objects(DELETION, lambda *_: True)
    yield
    yield from upload(store, b"whole")


def state_of(store: Store) -> list[Any]:
    """Return what there is: contents of all versions, markers, and the parts of uploads."""
    if store.bucket("photos") is None:
        return []
    names = [*store._backend.versions("photos").names]
    versions = [
        [
            version._value_buffer.path.read_text() if hasattr(version, "_value_buffer") else None
            for version in store._backend.object_versions("photos", name)
        ]
        for name in names
    ]
    uploads = [
        [part.value.decode() for part in one.parts.values()]
        for _, one in store._backend.uploads("photos").since("")
    ]
    return [names, versions, uploads, store.existing("photos").versioning]


def in_a_copy(work: Callable[[Callable[[Any], None]], None]) -> list[Any]:
    """Do work in a copy of this process, and return what it reports, until it ends."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            with open(writing, "w", buffering=1) as reports:  # noqa: PTH123 -- of a descriptor
                work(lambda fact: print(json.dumps(fact), file=reports))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as reports:  # noqa: PTH123 -- the same
        facts_ = [json.loads(line) for line in reports]
    os.waitpid(child, 0)
    return facts_


def killed_at(number: int, folder: Path) -> Callable[[Callable[[Any], None]], None]:
    """Return what takes all steps, and reports the state after each, until it is killed at a write."""
    left = itertools.count(number, -1)

    def before_write(event: str, arguments: tuple[Any, ...]) -> None:
        is_write = event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.unlink")
        is_write |= event == "open" and isinstance(arguments[1], str) and "r" not in arguments[1]
        if is_write and str(folder) in str(arguments[0]) and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def before_statement(statement: str) -> None:
        if not statement.startswith("select") and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def work(report: Callable[[Any], None]) -> None:
        app = create_app(Options(buckets=(), credentials={}, data=folder, no_fsync=True))
        report(state_of(app.store))
        sys.addaudithook(before_write)
        app.store._archive._index._connection.set_trace_callback(before_statement)
        for _ in steps(app.store):
            report(state_of(app.store))
        report("done")

    return work


@needs_fork
def test_a_process_may_be_killed_at_every_write(tmp_path):
    """Wherever it is killed, all is as it was before the request or after it, and no file is left over."""
    every = in_a_copy(killed_at(-1, tmp_path / "all"))
    assert every.pop() == "done"
    for number in itertools.count():
        folder = tmp_path / str(number)
        reported = in_a_copy(killed_at(number, folder))
        if reported[-1] == "done":
            break

        def look(report: Callable[[Any], None], folder: Path = folder) -> None:
            with closing(create_app(Options(buckets=(), credentials={}, data=folder))) as app:
                report(state_of(app.store))
                report(len(list(folder.rglob("*.bin"))))

        state, files = in_a_copy(look)
        assert state in every[len(reported) - 1 : len(reported) + 1], (number, reported)
        _, versions, uploads, _ = state or ([], [], [], "")
        contents = [content for several in (*versions, *uploads) for content in several]
        assert files == sum(content is not None for content in contents)
    assert number > 30


def test_a_damaged_folder_is_checked_and_repaired(tmp_path, capsys):
    """What is lost, or not what was stored, is named with its bucket and key; what is lost is gone then."""
    with closing(create_app(Options(buckets=("photos",), credentials={}, data=tmp_path))) as app:
        for key in ("lost", "whole", "changed"):
            put(app.store, key, b"one")
        files = {
            name: version._value_buffer.path
            for name, version in app.store._backend.latest("photos").since("")
        }
    files["lost"].unlink()
    files["changed"].write_bytes(b"two")
    (files["whole"].parent / "stray.bin").touch()
    ends = []
    for _ in range(3):
        with pytest.raises(SystemExit) as ended:
            main(["data", "check", str(tmp_path)])
        ends.append((ended.value.code, capsys.readouterr().out))
        files["changed"].write_bytes(b"one" if len(ends) == 2 else b"two")
    assert [code for code, _ in ends] == [1, 1, 0]
    assert "photos/lost, version null: its content is lost" in ends[0][1]
    assert "photos/changed, version null: its content is not what was stored" in ends[1][1]
    assert "photos/lost" not in ends[1][1]
    assert ends[2][1] == "Nothing is lost.\n"
    assert {path.name for path in files["whole"].parent.iterdir()} == {
        files[name].name for name in ("whole", "changed")
    }


def test_a_folder_that_cannot_be_checked(tmp_path, capsys):
    """It is named, with what was expected."""
    for folder, expected in ((tmp_path / "none", "is no folder"), (tmp_path, "cannot be used")):
        (tmp_path / "index.sqlite3").write_text("no database" * 99)
        with pytest.raises(SystemExit) as ended:
            main(["data", "check", str(folder)])
        assert expected in str(ended.value.code) + capsys.readouterr().err


def test_a_folder_is_of_one_process(tmp_path, capsys):
    """Another S3 on the same folder, and its check, are refused with the reason; afterwards they are not."""
    options = Options(data=tmp_path, no_fsync=True)
    with closing(create_app(options)):
        with pytest.raises(OSError, match="is in use by another S3: stop that, or use another folder"):
            create_app(options)
        with pytest.raises(SystemExit, match=r"^2$"):
            main(["data", "check", str(tmp_path)])
        assert f"Cannot check: {tmp_path} is in use by another S3" in capsys.readouterr().err
    create_app(options).close()
    with pytest.raises(SystemExit):
        main(["data", "check", str(tmp_path)])
    assert capsys.readouterr().out == "Nothing is lost.\n"


def test_a_completed_upload_is_remembered(tmp_path, monkeypatch):
    """Who repeats the request after a restart gets the same; of many, the newest are remembered."""
    monkeypatch.setattr(uploads, "MAX_COMPLETED", 2)
    options = Options(buckets=("photos",), data=tmp_path, no_fsync=True)
    order = Order("POST", "photos", "whole")
    with closing(create_app(options)) as app:
        for body in (b"1", b"2", b"3"):
            list(upload(app.store, body))
        completed = dict(app.store._archive.records_of("photos", Completed))
    assert len(completed) == 2
    with closing(create_app(options)) as app:
        for upload_id, record in completed.items():
            again = replace(order, query=(("uploadId", upload_id),))
            assert app.store.uploads.complete(again, []) == record
        with pytest.raises(S3Error, match="upload does not exist"):
            app.store.uploads.complete(replace(order, query=(("uploadId", "none"),)), [])


def test_files_are_their_owners_alone(tmp_path):
    """In a folder that others may read they read no file; an index of an earlier version is changed."""
    tmp_path.chmod(0o755)
    (tmp_path / "index.sqlite3").touch(mode=0o644)
    before = os.umask(0)
    try:
        options = Options(buckets=("photos",), data=tmp_path, no_fsync=True)
        with closing(create_app(options)) as app:
            put(app.store, "k", b"x")
            app.store.snapshot(tmp_path / "copy")
            files = [path for path in tmp_path.rglob("*") if path.is_file()]
            modes = {path.relative_to(tmp_path).name: stat.S_IMODE(path.stat().st_mode) for path in files}
    finally:
        os.umask(before)
    assert {"index.sqlite3", "index.sqlite3-wal"} < modes.keys()
    assert any(name.endswith(".bin") for name in modes)
    assert set(modes.values()) == {0o600}
