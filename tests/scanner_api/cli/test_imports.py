"""``scanner-api products`` and ``scanner-api freshness``, on a real SQLite file."""

from __future__ import annotations

import gzip
import json

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.scanning.catalogue.products import shipped_products

HEADER = "brick,category,warning_days,critical_days\n"
GTINS = [product.gtin for product in shipped_products()]


@pytest.fixture
def write(tmp_path):
    """Return what writes a file and returns its path."""

    def writing(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writing


def test_products_are_imported_once_however_often(run, write):
    """The same file twice leaves the same catalogue; bad rows are reported with their lines and skipped."""
    rows = f"code,product_name,brands\n{GTINS[0]},Oat drink,Alder\n123,Bad,\n{GTINS[1]},Rye bread,\n"
    path = write("products.csv", rows)
    for _ in range(2):
        done = run("products", "import", path)
        assert done.exit_code == 0
        assert "2 rows stored, 1 skipped." in done.output
        assert "line 3 skipped:" in done.output
    listed = run("products", "list").output
    assert "2 products in all" in listed
    assert "Oat drink" in listed


def test_a_later_import_changes_what_is_there(run, write):
    """A known GTIN gets its new name; JSON Lines and gzip are read too."""
    first = write("a.jsonl", json.dumps({"gtin": GTINS[0], "name": "Old"}) + "\n")
    second = write("b.jsonl.gz", gzip.compress(json.dumps({"gtin": GTINS[0], "name": "New"}).encode()))
    run("products", "import", first)
    assert run("products", "import", second).exit_code == 0
    listed = run("products", "list").output
    assert "New" in listed
    assert "Old" not in listed


def test_many_bad_rows_are_counted_not_all_shown(run, write):
    """A file of nothing but bad rows says so in a few lines, and ends with exit code 1."""
    done = run("products", "import", write("bad.csv", "gtin,name\n" + "1,x\n" * 100))
    assert done.exit_code == 1
    assert "Not done: None of the file's 100 rows can be used." in done.output
    assert done.output.count(" skipped:") == 20


@pytest.mark.parametrize(("name", "content"), [("x.txt", "a"), ("x.csv.gz", "not gzip"), ("x.csv", "")])
def test_a_file_of_no_known_form_is_one_sentence(run, write, name, content):
    """What cannot be read at all ends with exit code 1 and a reason."""
    done = run("products", "import", write(name, content))
    assert done.exit_code == 1
    assert "Not done:" in done.output
    assert "Traceback" not in done.output


def test_a_page_of_the_list_is_a_page(run, write):
    """The list is by GTIN, a page at a time."""
    run("products", "import", write("p.csv", "gtin,name\n" + "".join(f"{gtin},N\n" for gtin in GTINS[:5])))
    listed = run("products", "list", "--page", 2, "--page-size", 2).output
    assert "page 2 of 3, 5 products in all" in listed
    assert all(gtin in listed for gtin in sorted(GTINS[:5])[2:4])


def test_rules_are_replaced(run, write):
    """Rules of a file replace an organization's; a bad one is skipped with its line."""
    rules = "brick,category,warning_days,critical_days\n10000045,Bread,3,1\n,Anything,5,9\n"
    organization = run("keys", "create", "--new-organization", "acme").output.split("organization ")[1][:22]
    done = run("freshness", "import", write("rules.csv", rules), "--organization", organization)
    assert done.exit_code == 0
    assert "1 rows stored, 1 skipped." in done.output
    assert "line 3 skipped:" in done.output


@pytest.mark.parametrize(
    ("content", "organization", "reason"),
    [
        (f"{HEADER}10000045,Bread,3,1\n", ("--organization", "x"), "There is no such organization."),
        (f"{HEADER}Bread,3,1\nMilk,3,1\n", (), "No row of the file can be used; the rules are as they were."),
        (HEADER, (), "Expected columns: brick, category, warning_days, critical_days."),
        ("a,b\n", (), "Expected columns: brick, category, warning_days, critical_days."),
        ("gpc,category,warning_days,critical_days\n10000045,Bread,3,1\n", (), "Expected columns: brick,"),
    ],
)
def test_rules_that_would_be_lost_are_refused(run, write, content, organization, reason):
    """Rules for no one, and a file without any or with other columns, end with exit code 1 and a reason."""
    path = write("rules.csv", content)
    done = run("freshness", "import", path, *organization)
    assert (done.exit_code, reason in " ".join(done.output.split("Not done: ")[1:])) == (1, True)


def test_a_database_that_is_not_there_is_one_sentence(write):
    """A database that cannot be opened ends with exit code 1 and a reason."""
    path = write("p.csv", "gtin,name\n")
    url = "sqlite+aiosqlite:////nowhere/at/all.db"
    done = CliRunner().invoke(app, ["products", "import", str(path), "--database-url", url])
    assert done.exit_code == 1
    assert "Not done:" in done.output
