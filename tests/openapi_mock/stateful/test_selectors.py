"""Selectors by labels."""

import pytest

from openapi_mock.stateful.selectors import is_selected


@pytest.mark.parametrize(
    ("selector", "is_so"),
    [
        ("", True),
        ("app=web", True),
        ("app == db", False),
        ("app!=db,tier", True),
        ("old!=1", True),
        ("!app", False),
        ("!old", True),
        ("app in (db, web),tier notin (a,b)", True),
        ("app notin (web)", False),
        ("example.com/app", False),
        ("app in web", False),
    ],
)
def test_terms_hold_together(selector, is_so):
    """What is no term holds of nothing."""
    assert is_selected(selector, {"app": "web", "tier": "c"}.get) is is_so
