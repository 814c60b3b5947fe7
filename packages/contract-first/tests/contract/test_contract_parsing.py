"""JSON and YAML are read as the same JSON values, and nothing else is."""

import pytest

from contract_first.contract.document import parsing
from contract_first.contract.document.parsing import MAX_DEPTH, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: yes", {"on": "yes"}),
        ("released: 2026-04-01", {"released": "2026-04-01"}),
        ("time: 12:30:45", {"time": "12:30:45"}),
        ("code: 0123", {"code": "0123"}),
        ("code: 0x1F", {"code": "0x1F"}),
        ("big: 1_000", {"big": "1_000"}),
        ("limit: .inf", {"limit": ".inf"}),
        ("a: true\nb: False\nc: null\nd: ~\ne:", {"a": True, "b": False, "c": None, "d": None, "e": None}),
        ("a: 12\nb: -1\nc: 1.5\nd: 1e3\ne: 0", {"a": 12, "b": -1, "c": 1.5, "d": 1000.0, "e": 0}),
        ("200: OK\n2XX: fine\ntrue: t\n1.0: f", {"200": "OK", "2XX": "fine", "true": "t", "1.0": "f"}),
        ("a: '200'\nb: \"no\"", {"a": "200", "b": "no"}),
        ("a: !!str 200", {"a": "200"}),
        ("- |\n  two\n  lines\n- >\n  one\n  line", ["two\nlines\n", "one line"]),
    ],
)
def test_yaml_scalars(text, value):
    """YAML scalars are what JSON can say; what only YAML knows stays the text that it is."""
    parsed = parse(text)
    assert parsed == value
    assert repr(parsed) == repr(value)


def test_format_by_suffix_and_by_content():
    """The suffix settles the format; without one, an object in braces is JSON."""
    assert parse("{a: 1}", suffix="yaml") == {"a": 1}
    assert parse('{"a": 1}') == {"a": 1}
    assert parse("a: 1", suffix="txt") == {"a": 1}
    with pytest.raises(ValueError, match="Invalid JSON at line 1, column 2"):
        parse("{a: 1}")
    with pytest.raises(ValueError, match="Invalid JSON at line 1, column 1"):
        parse("a: 1", suffix="json")


def test_aliases_become_parts_of_their_own():
    """An alias is written out: changing one place does not change the other."""
    parsed = parse("a: &x {b: [1]}\nc: *x")
    assert parsed == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert parsed["a"]["b"] is not parsed["c"]["b"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "key 'a' twice"),
        ("b:\n  a: 1\n  a: 2", r"line 3, column 3: the key 'a' stands twice"),
        ("200: a\n'200': b", "the key '200' stands twice"),
        ("a:\n\tb: 1", "line 2, column 1"),
        ("a: &x [*x]", "Invalid YAML"),
        ("a: !!python/object/apply:os.system [id]", "python/object/apply:os.system is not one of"),
        ("a: !!binary aGk=", "line 1, column 4: the tag"),
        ("? [a]\n: 1", "a key is not text"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "merge keys"),
        ("a: 1\n---\nb: 2", "Invalid YAML"),
        ("a: \x00", "Invalid YAML"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e400}', "JSON cannot express"),
        ('{"a": "\\ud800"}', "JSON cannot express"),
        ('{"a": ' + "1" * 5000 + "}", "4300 digits"),
        ('{"a": 1} x', "Invalid JSON at line 1, column 10"),
        ("[" * 100_000, "nested deeper"),
        ("a: " + "[" * 100_000, "nesting depth"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested deeper"),
    ],
)
def test_refused(text, reason):
    """What could be read in two ways, or not as JSON at all, is refused in one line that says why."""
    with pytest.raises(ValueError, match=reason) as raised:
        parse(text)
    assert "\n" not in str(raised.value)


def test_depth_limit_itself_is_allowed():
    """A document as deep as the limit is read."""
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_multiplying_aliases_are_refused():
    """Aliases that would grow to a billion parts are refused before they do."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(ValueError, match="more than 800000 objects and arrays"):
        parse("\n".join(lines))


@pytest.mark.parametrize(
    "anchored",
    ["x" * 60_000, f"{{? {'k' * 60_000} : 1}}", f"[{', '.join(['1'] * 20_000)}]"],
    ids=["text", "key", "list"],
)
def test_multiplying_characters_are_refused(anchored):
    """So are aliases of one long text, key or list: 120 KB would come to more than a gigabyte."""
    text = f"a: &a {anchored}\nb: [{', '.join(['*a'] * 20_000)}]"
    with pytest.raises(ValueError, match="characters once its aliases are written out"):
        parse(text)


def _merges(text):
    return "\n".join(["a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}", *text])


@pytest.mark.parametrize(
    "text",
    [
        _merges(f"b{n}: {{<<: *a}}" for n in range(1000)),
        _merges(f"a: {{b{n}: 1}}" for n in range(1000)),
    ],
    ids=["merge keys", "repeated keys"],
)
def test_multiplying_merges_are_refused(text):
    """What merge keys and repeated keys copy is bounded before it is there: 30 KB would come to a million."""
    with pytest.raises(ValueError, match="merges more than 500000 members"):
        parse(text, suffix="yaml", report=lambda *_: None)


@pytest.mark.parametrize("report", [None, lambda *_: None], ids=["strict", "lenient"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"[{'1,' * 9}1]", "more than 9 commas and brackets"),
        ("a: b\n" * 10, "more than 9 lines, commas and brackets; expected fewer, or JSON"),
        ("- " * 11 + "a", "more than 9 lines, commas and brackets; expected fewer, or JSON"),
        ("- \t?  " * 6 + "a", "more than 9 lines, commas and brackets; expected fewer, or JSON"),
    ],
    ids=["JSON", "YAML", "YAML, items of items", "YAML, keys of items"],
)
def test_many_small_values_are_refused_unread(monkeypatch, text, reason, report):
    """A text of millions of values would take a kilobyte for each to read; they are counted before."""
    monkeypatch.setattr(parsing, "MAX_JSON_MARKS", 9)
    monkeypatch.setattr(parsing, "MAX_YAML_MARKS", 9)
    monkeypatch.setattr(parsing.json, "loads", None)
    monkeypatch.setattr(parsing._JSONLoader, "get_single_data", None)
    with pytest.raises(ValueError, match=reason):
        parse(text, report=report)
