"""Measure S3 on its own beside moto's server: start, memory, uploads, parts, lists, and objects of two sizes.

Run it as `python bench/s3.py`: uv installs moto's server, of the version that ours has, in an environment of
its own; `--moto` names another command, `--other NAME=COMMAND` a further server, with {port} for its port.
A row for each.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from contract_first.service.http.listening import listen

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024**2
UPLOAD = os.urandom(10 * MIB)
BODIES = {"1 KiB": os.urandom(1024), "10 MiB": UPLOAD}
PART = os.urandom(16 * MIB)
AT_ONCE = 4
LISTS = 3
POLL_SECONDS = 0.005


class Sizes(argparse.Namespace):
    """How much is measured."""

    uploads: int
    parts: int
    objects: int
    repeats: int
    moto: str | None
    other: list[str]
    json: Path | None


def installed(folder: Path) -> str:
    """Install moto's server in a folder, and return its command."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder / "moto"], check=True)
    install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", folder / "moto"]
    subprocess.run([*install, f"moto[s3,server]=={version('moto')}"], check=True)
    return str(folder / "moto" / "bin" / "moto_server")


def descendants(pid: int) -> list[int]:
    """Return a process and those that it started."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in below for one in descendants(int(child)))]


def memory(pid: int, field: str) -> float:
    """Return MB of a field of a process and those below it: ``Rss`` or ``Pss`` now, ``VmHWM`` at most."""
    file = "status" if field.startswith("Vm") else "smaps_rollup"
    lines = (Path(f"/proc/{each}/{file}").read_text().splitlines() for each in descendants(pid))
    return sum(int(line.split()[1]) for each in lines for line in each if line.startswith(f"{field}:")) / 1024


def processor_seconds(pid: int) -> float:
    """Return the seconds of a processor that a process and those below it have used."""
    stats = (Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in descendants(pid))
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def responds(port: int) -> bool:
    """Return whether a server responds at a port of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@contextmanager
def started(command: list[str], port: int) -> Iterator[tuple[int, float]]:
    """Run a server; yield its process's id, and the seconds until it responded."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not responds(port):
                if process.poll() is not None:
                    raise SystemExit(f"It ended with {process.returncode}: {' '.join(command)}")
                time.sleep(POLL_SECONDS)
            yield process.pid, time.perf_counter() - begin
        finally:
            process.terminate()
            process.wait()
            while responds(port):  # a process that it had started, and that hears of its end by its input
                time.sleep(POLL_SECONDS)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with listen("127.0.0.1", 0) as listening:
        return int(listening.getsockname()[1])


def put(url: str) -> None:
    """Upload by a presigned URL."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("PUT", f"{parts.path}?{parts.query}", body=UPLOAD)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise SystemExit(f"PUT got {answer.status}.")


def per_processor_second(client: Any, pid: int, repeats: int) -> dict[str, float]:
    """Return how many objects of each size are put and read in a second of a processor."""
    rates = {}
    for size, body in BODIES.items():
        count = repeats if len(body) < MIB else max(repeats // 50, 1)
        for operation, method, status in (("put_object", "PUT", 200), ("get_object", "GET", 200)):
            urls = [
                client.generate_presigned_url(
                    operation, Params={"Bucket": "bench", "Key": f"{size}/{number}"}
                )
                for number in range(count)
            ]
            used = processor_seconds(pid)
            connection = http.client.HTTPConnection(urlsplit(urls[0]).netloc)
            for url in urls:
                parts = urlsplit(url)
                connection.request(
                    method, f"{parts.path}?{parts.query}", body=body if method == "PUT" else None
                )
                response = connection.getresponse()
                response.read()
                if response.status != status:
                    raise SystemExit(f"{method} got {response.status}.")
            connection.close()
            seconds = max(processor_seconds(pid) - used, 1 / os.sysconf("SC_CLK_TCK"))
            rates[f"{method} {size} / CPU s"] = count / seconds
    return rates


def measure(command: list[str], port: int, sizes: Sizes) -> dict[str, float]:
    """Return what was seen of a server, the second time that it was started."""
    with started(command, port):
        pass
    with started(command, port) as (pid, seconds):
        seen = {"start s": seconds, "start CPU s": processor_seconds(pid)}
        seen |= {"start RSS MB": memory(pid, "Rss"), "start PSS MB": memory(pid, "Pss")}
        client: Any = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="ACCESSKEY",
            aws_secret_access_key="secret-key",  # noqa: S106 -- public on purpose
            config=Config(signature_version="s3v4", request_checksum_calculation="when_required"),
        )
        client.create_bucket(Bucket="bench")
        urls = [
            client.generate_presigned_url("put_object", Params={"Bucket": "bench", "Key": f"u/{number}"})
            for number in range(sizes.uploads)
        ]
        begin = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(put, urls))
        seen["uploads MB/s"] = len(urls) * len(UPLOAD) / MIB / (time.perf_counter() - begin)
        for number in range(sizes.objects):
            client.put_object(Bucket="bench", Key=f"small/{number:06}", Body=b"x")
        pages = client.get_paginator("list_objects_v2")
        times, used = [], processor_seconds(pid)
        for _ in range(LISTS):
            begin = time.perf_counter()
            count = sum(page["KeyCount"] for page in pages.paginate(Bucket="bench", Prefix="small/"))
            times.append((time.perf_counter() - begin) * 1000)
            if count != sizes.objects:
                raise SystemExit(f"{count} of {sizes.objects} objects are listed.")
        seen["list ms"] = statistics.median(times)
        seen["list CPU ms"] = (processor_seconds(pid) - used) * 1000 / LISTS
        seen |= per_processor_second(client, pid, sizes.repeats)
    with started(command, port) as (pid, _):
        client.create_bucket(Bucket="parts")
        upload = client.create_multipart_upload(Bucket="parts", Key="large")["UploadId"]
        place = {"Bucket": "parts", "Key": "large", "UploadId": upload}
        parts = [
            {"PartNumber": number, "ETag": client.upload_part(**place, PartNumber=number, Body=PART)["ETag"]}
            for number in range(1, sizes.parts + 1)
        ]
        client.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
        seen["parts peak MB"] = memory(pid, "VmHWM")
    return seen


def main() -> None:
    """Measure both, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=64, help="of 10 MiB, four at once")
    parser.add_argument("--parts", type=int, default=64, help="of 16 MiB, of one upload")
    parser.add_argument("--objects", type=int, default=5000, help="small ones, which are listed")
    parser.add_argument("--repeats", type=int, default=1000, help="of objects of 1 KiB; a 50th of 10 MiB")
    parser.add_argument("--other", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--moto", help="command of moto's server; empty to measure ours alone")
    parser.add_argument("--json", type=Path, help="also write what was seen to a file")
    sizes = parser.parse_args(namespace=Sizes())
    port, control = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        own = [str(Path(sys.executable).parent / "contract-first"), "s3", "--region", "us-east-1", "--json"]
        own += ["--port", str(port), "--control-port", str(control)]
        results = {"contract-first s3": measure(own, port, sizes)}
        moto = installed(Path(folder)) if sizes.moto is None else sizes.moto
        if moto:
            results["moto_server"] = measure([*moto.split(), "-p", str(port)], port, sizes)
        for text in sizes.other:
            name, _, command = text.partition("=")
            results[name] = measure(command.format(port=port).split(), port, sizes)
    columns = list(results["contract-first s3"])
    table = [["server", *columns], ["---"] * (len(columns) + 1)]
    table += [[name, *(f"{seen[column]:.2f}" for column in columns)] for name, seen in results.items()]
    sys.stdout.write("".join(f"| {' | '.join(row)} |\n" for row in table))
    if sizes.json:
        sizes.json.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
