"""Use S3 by the client that is named, as its own documentation does; the environment says where S3 is."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import Request, urlopen

URL, BUCKET = os.environ["AWS_ENDPOINT_URL_S3"], os.environ["S3_BUCKET"]
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
REGION, HOST = os.environ["AWS_REGION"], URL.partition("//")[2]
MIB = 1024**2
LARGE = os.urandom(9 * MIB)


def run(program: str, *arguments: str) -> str:
    """Run a program of this environment, and return what it prints."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def read(url: str) -> bytes:
    """Read what is at a presigned URL."""
    with urlopen(url) as response:  # noqa: S310 -- our own S3's
        content: bytes = response.read()
    return content


def aws(folder: Path) -> None:
    """Copy in one part and in several, list, move, presign, read a part, and remove."""
    place = f"s3://{BUCKET}/aws"
    run("aws", "s3", "sync", str(folder), place)
    listed = run("aws", "s3", "ls", "--recursive", f"{place}/")
    assert [line.split(maxsplit=2)[2] for line in listed.splitlines()] == [
        f"{len(LARGE)} aws/large",
        "5 aws/small ü",
    ]
    run("aws", "s3", "cp", f"{place}/large", str(folder / "back"))
    assert (folder / "back").read_bytes() == LARGE
    run("aws", "s3", "mv", f"{place}/small ü", f"{place}/moved")
    assert read(run("aws", "s3", "presign", f"{place}/moved").strip()) == b"small"
    part = folder / "part"
    run(
        "aws",
        "s3api",
        "get-object",
        "--bucket",
        BUCKET,
        "--key",
        "aws/large",
        "--part-number",
        "2",
        str(part),
    )
    assert part.read_bytes() == LARGE[8 * MIB :]
    run("aws", "s3", "rm", "--recursive", place)


def s3fs(_folder: Path) -> None:
    """Write and read as files, seek, copy, move, and remove."""
    from s3fs import S3FileSystem  # noqa: PLC0415 -- only here

    files = S3FileSystem()  # the environment says where, and who
    name = f"{BUCKET}/s3fs/a b"
    with files.open(name, "wb", block_size=5 * MIB) as file:
        file.write(LARGE)
    with files.open(name, "rb") as file:
        file.seek(5 * MIB)
        assert file.read(10) == LARGE[5 * MIB : 5 * MIB + 10]
    files.mv(name, f"{BUCKET}/s3fs/moved")
    assert files.ls(f"{BUCKET}/s3fs") == [f"{BUCKET}/s3fs/moved"]
    assert read(files.url(f"{BUCKET}/s3fs/moved")) == LARGE
    files.rm(f"{BUCKET}/s3fs", recursive=True)
    assert not files.exists(f"{BUCKET}/s3fs/moved")


def minio(_folder: Path) -> None:
    """Put streams of known and unknown length, compose, copy, tag, presign, and remove."""
    from minio import Minio  # noqa: PLC0415 -- only here
    from minio.commonconfig import ComposeSource, CopySource, Tags  # noqa: PLC0415 -- only here

    client = Minio(HOST, KEY, SECRET, secure=False, region=REGION)

    def named(name: str) -> dict[str, str]:
        return {"bucket_name": BUCKET, "object_name": f"minio/{name}"}

    client.put_object(**named("small"), data=io.BytesIO(b"small"), length=5)
    client.put_object(**named("large"), data=io.BytesIO(LARGE), length=-1, part_size=5 * MIB)
    sources = [ComposeSource(**named("large")), ComposeSource(**named("small"))]
    client.compose_object(**named("composed"), sources=sources)
    assert client.stat_object(**named("composed")).size == len(LARGE) + 5
    client.copy_object(**named("copy"), source=CopySource(**named("small")))
    tags = Tags(for_object=True)
    tags["a"] = "b"
    client.set_object_tags(**named("copy"), tags=tags)
    assert client.get_object_tags(**named("copy")) == tags
    assert read(client.presigned_get_object(**named("copy"))) == b"small"
    put = client.presigned_put_object(**named("put"))
    with urlopen(Request(put, b"put", method="PUT")):  # noqa: S310 -- our own S3's
        pass
    names = [each.object_name for each in client.list_objects(bucket_name=BUCKET, prefix="minio/")]
    assert names == [f"minio/{name}" for name in ("composed", "copy", "large", "put", "small")]
    for name in names:
        client.remove_object(bucket_name=BUCKET, object_name=name)


def s3cmd(folder: Path) -> None:
    """Put in one part and in several, list, get, sign a URL, use Signature Version 2, and remove."""
    place = f"s3://{BUCKET}/s3cmd"
    options = [f"--access_key={KEY}", f"--secret_key={SECRET}", f"--host={HOST}", f"--host-bucket={HOST}"]
    options += ["--no-ssl", f"--region={REGION}", "--config=/dev/null"]
    run("s3cmd", *options, "put", "--multipart-chunk-size-mb=5", str(folder / "large"), f"{place}/large")
    run("s3cmd", *options, "put", str(folder / "small ü"), f"{place}/small ü")
    run("s3cmd", *options, "get", f"{place}/large", str(folder / "got"))
    assert (folder / "got").read_bytes() == LARGE
    assert f"{place}/small ü" in run("s3cmd", *options, "ls", f"{place}/")
    assert read(run("s3cmd", *options, "signurl", f"{place}/large", "+600").strip()) == LARGE
    run("s3cmd", *options, "--signature-v2", "put", str(folder / "small ü"), f"{place}/old")
    run("s3cmd", *options, "del", "--recursive", "--force", f"{place}/")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "small ü").write_bytes(b"small")
        (Path(temporary) / "large").write_bytes(LARGE)
        {"aws": aws, "s3fs": s3fs, "minio": minio, "s3cmd": s3cmd}[sys.argv[1]](Path(temporary))
