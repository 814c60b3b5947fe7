"""Selectors by labels."""

import pytest

from contract_first.mock.shape.selectors import MOST_TERMS, selects


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
        ("app in (web", False),
        ("!old" + "," * 8000, True),
        (",".join(["!old"] * MOST_TERMS), True),
        (",".join(["!old"] * (MOST_TERMS + 1)), False),
    ],
)
def test_terms_hold_together(selector, is_so):
    """What is no term holds of nothing."""
    assert selects(selector)({"app": "web", "tier": "c"}.get) is is_so
