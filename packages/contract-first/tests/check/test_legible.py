"""What a server said cannot steer its readers."""

import pytest

from contract_first.check.run.recording import legible


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb", "a\\rb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("größer 茶", "größer 茶"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_invisible_is_spelt_out(said, expected):
    """Characters that a terminal would obey, or nobody see, are written as escapes; all others stay."""
    assert legible(said) == expected
