"""Redirect rules stand in the order in which they were appended."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from msgspec.structs import replace

from scanner_api.scanning.identifiers import decode
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import ConstraintError, DuplicateError

from .conftest import rules_of

URL = "https://example.com/" + "日本\x00\ud800" * 500
OWN, OTHERS = "organization", "another organization"


@pytest.fixture
def in_catalogue(in_stores, milk):
    """Run a coroutine function on the rules of a catalogue, with what reads them, and two products' ids."""
    other = replace(milk, gtin="09521234000020")
    short_ids = [f"whole-milk-1-l-{product.gtin}" for product in (milk, other)]

    async def fill(stores, scenario):
        await stores.products.upsert_many([milk, other])
        return await scenario(stores.rules, partial(rules_of, stores.database), *short_ids)

    return lambda scenario: in_stores(lambda stores: fill(stores, scenario))


def test_a_rule_comes_back_as_it_was_stored(in_catalogue, now):
    """A rule has an id and a place, however long and strange its URL is."""

    async def scenario(rules, stored, milk, other):
        rule = await rules.append(OWN, milk, URL)
        return (
            rule,
            await stored(OWN, milk),
            await stored(OWN, other),
            await stored(OWN, "\x00"),
        )

    rule, own, others, unknown = in_catalogue(scenario)
    assert (rule.url, rule.order_index, rule.created) == (URL, 0, now)
    assert decode(rule.id)
    assert (own, others, unknown) == ([rule], [], [])


def test_rules_are_dense_at_once(in_catalogue):
    """Rules that are appended at the same time get the places of their product from 0 on."""

    async def scenario(rules, stored, milk, other):
        await rules.append(OWN, other, URL)
        appending = [rules.append(OWN, product, f"{URL}{n}") for n in range(8) for product in (milk, other)]
        appended = await asyncio.gather(*appending)
        found = await stored(OWN, milk)
        return [rule.order_index for rule in found], sorted(found, key=str) == sorted(appended[::2], key=str)

    assert in_catalogue(scenario) == (list(range(8)), True)


def test_a_url_is_appended_once(in_catalogue):
    """Of several who append one URL at once one does, the others get its rule; it counts by product."""

    async def scenario(rules, stored, milk, other):
        appending = [rules.append(OWN, milk, URL) for _ in range(6)]
        outcomes = await asyncio.gather(*appending, return_exceptions=True)
        existing = {outcome.existing_id for outcome in outcomes if isinstance(outcome, DuplicateError)}
        await rules.append(OWN, other, URL)
        return (
            existing,
            [rule.id for rule in await stored(OWN, milk)],
            len(await stored(OWN, other)),
        )

    existing, own, others = in_catalogue(scenario)
    assert (list(existing), len(own), others) == (own, 1, 1)


def test_a_rule_needs_a_product(in_catalogue):
    """A rule for a product that does not exist is refused."""
    with pytest.raises(ConstraintError):
        in_catalogue(lambda rules, *_: rules.append(OWN, "unknown", URL))


def test_rules_of_one_organization_tell_another_nothing(in_stores, milk, now):
    """Places and conflicts are of the organization's own rules for the product."""
    short_id = f"whole-milk-1-l-{milk.gtin}"

    async def scenario(stores):
        await OrganizationStore(stores.database).add_organization(
            Organization(id=OTHERS, name="Baker", created=now)
        )
        await stores.products.upsert_many([milk])
        appended = [
            await stores.rules.append(organization, short_id, url)
            for organization, url in [(OWN, URL), (OWN, URL + "2"), (OTHERS, URL), (OTHERS, URL + "3")]
        ]
        with pytest.raises(DuplicateError) as refused:
            await stores.rules.append(OTHERS, short_id, URL)
        of_others = await rules_of(stores.database, OTHERS, short_id)
        return [rule.order_index for rule in appended], refused.value.existing_id, of_others, appended[2:]

    indexes, existing, of_others, expected = in_stores(scenario)
    assert indexes == [0, 1, 0, 1]
    assert existing == expected[0].id
    assert of_others == expected
