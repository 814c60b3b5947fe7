"""The bench runs; how fast anything is, is not tested."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def finished(folder, script, *arguments):
    """Run a bench in a folder, every warning an error; return what it printed."""
    command = [sys.executable, "-W", "error", ROOT / "bench" / script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(
    shutil.which("wrk") is None, reason="needs wrk, the load generator, which is not a Python package"
)
def test_smoke(tmp_path):
    """The bench measures all servers and writes what it saw."""
    numbers = tmp_path / "results.json"
    finished(tmp_path, "compare.py", "--smoke", "--json", numbers)
    results = json.loads(numbers.read_text())
    assert [result["server"][:3] for result in results] == [f"({letter})" for letter in "abcdefg"]
    loads = [load for result in results for load in result["loads"]]
    assert all(load["requests_per_second"] > 0 and load["cpu_microseconds"] > 0 for load in loads)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="the same")
def test_smoke_of_the_mocks(tmp_path):
    """The bench of the mocks measures ours, both kinds of responses, and writes what it saw."""
    numbers = tmp_path / "mocks.json"
    finished(tmp_path, "mocks.py", "--smoke", "--json", numbers)
    (result,) = json.loads(numbers.read_text())
    assert result["seen"].keys() == {"example", "generated"}
    assert all(one["cpu_microseconds"] > 0 for seen in result["seen"].values() for one in seen)


def test_smoke_of_the_proxy(tmp_path):
    """The bench of the proxy asks both ways and prints what it saw."""
    printed = finished(tmp_path, "proxy.py", "--calls", "5")
    assert [line.split()[:2] for line in printed.splitlines()[1:]] == [
        [name, "p50"] for name in ("straight", "proxied", "added")
    ]


def test_smoke_of_errors(tmp_path):
    """The bench of errors raises both kinds, and prints what each costs."""
    printed = finished(tmp_path, "errors.py", "--cost", "--rounds", "20")
    assert [line.split(":")[0] for line in printed.splitlines()] == ["declared", "problem details"]


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="other Pythons have other functions in their libraries"
)
def test_calls_per_request(tmp_path):
    """A request calls as many functions as the table says, within 5 %."""
    numbers = tmp_path / "calls.json"
    finished(tmp_path, "calls.py", "--json", numbers)
    calls = json.loads(numbers.read_text())
    table = json.loads((ROOT / "bench/calls.json").read_text())
    assert calls == {name: pytest.approx(count, rel=0.05) for name, count in table.items()}, (
        "say why in the commit, and run: python bench/calls.py --json bench/calls.json"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="looks at memory as only Linux shows it")
def test_smoke_of_s3(tmp_path):
    """The bench of S3 measures ours, and writes what it saw."""
    numbers = tmp_path / "s3.json"
    finished(
        tmp_path,
        "s3.py",
        "--moto",
        "",
        "--json",
        numbers,
        "--uploads",
        "2",
        "--parts",
        "2",
        "--objects",
        "3",
        "--repeats",
        "3",
    )
    (seen,) = json.loads(numbers.read_text()).values()
    # Linux counts a processor's time in ticks of 10 ms, and three objects may be listed in less than one.
    assert seen.pop("list CPU ms") >= 0
    assert all(value > 0 for value in seen.values())


def test_smoke_of_conformance(tmp_path):
    """The bench of what documents allow and forbid starts ours, and counts what it responded with."""
    numbers = tmp_path / "conformance.json"
    finished(tmp_path, "conformance.py", "--smoke", "--json", numbers)
    written = json.loads(numbers.read_text())
    (ours,) = written["servers"]
    assert written["left out"] == {}
    assert ours["failures"] == []
    assert ours["asked"] == ours["right"]
    started, valid, invalid = ours["asked"].values()
    assert started == 1
    assert valid > invalid > 0


def test_smoke_of_realism(tmp_path):
    """The bench of how real responses look counts members of ours, and writes the page."""
    page = tmp_path / "realism.html"
    printed = finished(tmp_path, "realism.py", "--smoke", "--page", page)
    assert "understood" in printed
    assert page.read_text().count("<h2>") > 0


def test_smoke_of_the_cliffs(tmp_path):
    """The bench of keywords, formats and versions serves a list for each, and prints what it costs."""
    printed = finished(tmp_path, "cliffs.py", "--smoke")
    for name in ("plain", "nullable", "discriminator", "format date-time"):
        assert f"| {name} " in printed


def test_smoke_of_the_findings(tmp_path):
    """The bench of one app written three times checks ours, in which nothing is found."""
    assert "| ours | " in " ".join(finished(tmp_path, "findings.py", "--smoke").split())


@pytest.mark.skipif(shutil.which("wrk") is None, reason="the same")
def test_smoke_of_the_frameworks(tmp_path):
    """The bench serves one contract by all frameworks, which refuse what violates it, and measures ours."""
    numbers = tmp_path / "frameworks.json"
    finished(tmp_path, "frameworks.py", "--smoke", "--json", numbers)
    loads = json.loads(numbers.read_text())["loads"]
    assert {load["call"] for load in loads} >= {"get", "union", "stream"}
    assert all(load["requests_per_second"] > 0 for load in loads)
