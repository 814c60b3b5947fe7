"""Generated strings of a locale: by Faker, where a property's name says what it is."""

from __future__ import annotations

import re
import sys
from random import Random

import pytest

from contract_first.contract import Contract
from contract_first.generation import locales
from contract_first.generation.locales import METHODS, strings_of
from contract_first.mock import contract_mock
from contract_first.vocabulary.names import STRINGS, text
from contract_first.vocabulary.subjects import Subject

NAMES = (
    "billingCity",
    "company_name",
    "email",
    "first_name",
    "phone",
    "postal_code",
    "slug",
    "summary",
    "xyz",
)
PROPERTIES = {name: {"type": "string"} for name in NAMES} | {
    "country": {"type": "string"},
    "name": {"type": "string"},
    "locale": {"type": "string"},
    "zip": {"type": "string", "pattern": "^[A-Z]{4}$"},
}


@pytest.fixture
def sent(responding_with):
    """Respond with an object of these properties in a locale."""
    pytest.importorskip("faker", reason="of the extra locales")

    def send(locale, seed="a"):
        schema = {"type": "object", "properties": PROPERTIES, "required": list(PROPERTIES)}
        return responding_with(schema, locale=locale, seed=seed).get().json

    return send


@pytest.mark.parametrize("locale", ["de_DE", "de-DE"])
def test_values_of_a_locale(sent, locale):
    """Names, addresses and texts are of the country, unless the schema wants others; the rest is as ever."""
    found, plain = sent(locale), sent("")
    assert (found["country"], found["locale"]) == ("Germany", "de-DE")
    assert found["name"].startswith(f"{found['first_name']} ")
    assert re.fullmatch(r"\d{5}", found["postal_code"])
    assert re.fullmatch("[A-Z]{4}", found["zip"])
    assert re.fullmatch(r"\S+@example\.\w+", found["email"])
    assert [name for name in ("first_name", "phone", "summary") if found[name] == plain[name]] == []


def test_the_same_seed_makes_the_same_values(sent):
    """Another seed or another locale makes others."""
    assert sent("de_DE") == sent("de_DE")
    assert len({str(each) for each in (sent("de_DE"), sent("de_DE", "b"), sent("ja_JP"))}) == 3


def test_what_faker_cannot_make(sent):
    """A country that Faker does not know is one of those without a locale."""
    found, plain = (
        text("country", Subject(Random(1)), makers)  # noqa: S311 -- the same value in each
        for makers in (strings_of("en_MS"), STRINGS)
    )
    assert found == plain
    assert sent("en_MS")["country"]


def test_the_table_has_all_names():
    """What Faker makes replaces what is there without it."""
    assert METHODS.keys() <= STRINGS.by_name.keys()
    assert strings_of("") is STRINGS


def test_a_locale_that_is_none():
    """The mock does not start, and says which are near and where all are."""
    pytest.importorskip("faker", reason="of the extra locales")
    contract = Contract({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}, "test")
    expected = pytest.raises(
        ValueError, match=r"no locale 'de_de'; the nearest are de_DE, .*, all are at https:"
    )
    with expected as raised, contract_mock(contract, locale="de_de"):
        pass
    assert len(str(raised.value)) < 200


def test_without_the_extra(monkeypatch):
    """The error says how to install it."""
    monkeypatch.setitem(sys.modules, "faker", None)
    locales.strings_of.cache_clear()
    with pytest.raises(ValueError, match=r"missing: faker\); .*pip install .*\[locales\]"):
        strings_of("de_DE")
