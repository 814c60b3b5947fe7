"""An older version and this one share a database while one replaces the other."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import make_url

from scanner_api.storage.schema.migrations import HEAD, LEAST

SERVICES = Path(__file__).parents[2] / "services"
postgresql = runpy.run_path(str(SERVICES / "postgresql.py"))["postgresql"]
versions = SimpleNamespace(**runpy.run_path(str(SERVICES / "two_versions.py")))


def test_releases_are_documented():
    """The oldest version that may serve beside this one is in docs/releasing.md, and so is what others do."""
    rows = versions.releases()
    assert [row.revision for row in rows] == sorted(row.revision for row in rows)
    assert versions.oldest().revision == LEAST
    assert all((row.beside == "yes") is (row.revision >= LEAST) for row in rows)
    assert rows[-1].revision <= HEAD


@pytest.mark.programs
def test_an_older_version_is_replaced_under_load(postgresql, tmp_path):
    """Both serve one database while its schema is upgraded; nothing is lost, doubled, stuck or refused."""
    release = versions.oldest()
    if not versions.has_commit(release.commit):
        pytest.skip(f"needs the repository's history: {release.commit} is the older version")
    older = versions.built(release.commit, tmp_path)
    database = make_url(postgresql).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
    fleet, stored, restart = versions.replaced(older, database, tmp_path)
    assert fleet.failures == []
    assert stored == fleet.sessions
    assert "of a newer version, which this one" in restart
