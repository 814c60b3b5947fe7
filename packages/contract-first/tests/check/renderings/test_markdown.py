"""A report as Markdown."""

from contract_first.check.reports.markdown import markdown


def test_findings_come_first(wrong):
    """The result, then each finding in sentences, then the operations, then what was left out."""
    text = markdown(wrong)
    parts = ["**1 violation", "### 1. Server error", "- Expected: ", "- Got: ", "- Change: ", "    curl"]
    places = [text.index(part) for part in [*parts, "| operation |", "- organization isolation left out"]]
    assert places == sorted(places)


def test_no_text_is_markup(wrong):
    """What a server said is shown, not obeyed."""
    text = markdown(wrong)
    assert "<script>" not in text
    assert "&#60;script&#62;" in text
