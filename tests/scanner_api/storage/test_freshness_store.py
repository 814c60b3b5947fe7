"""Each organization has its layer of freshness rules, and everyone has one."""

from __future__ import annotations

import asyncio

import pytest

from scanner_api.scanning.catalogue.freshness import ANY_BRICK, FreshnessRule, shipped_rules
from scanner_api.storage.catalogue.freshness import EVERYONE, FreshnessStore
from scanner_api.storage.database import ConstraintError

MILK = FreshnessRule("10000025", "日本 \x00\ud800\\", 3, 1)
ANY = FreshnessRule(ANY_BRICK, "Groceries", 7, 2)


def test_layers_are_apart(in_database):
    """What one organization, or everyone, has, no other has."""

    async def scenario(database):
        store = FreshnessStore(database)
        numbers = [await store.replace("organization", [MILK, ANY]), await store.replace(EVERYONE, [MILK])]
        layers = await asyncio.gather(*map(store.rules, ["organization", EVERYONE, "other", "\x00"]))
        return numbers, layers

    expected = [{MILK.brick: MILK, ANY_BRICK: ANY}, {MILK.brick: MILK}, {}, {}]
    assert in_database(scenario) == ([2, 1], expected)


def test_a_new_layer_takes_the_place_of_the_old(in_database):
    """Nothing of the old one is left; of two rules for one brick the last counts."""
    later = FreshnessRule(MILK.brick, "Milk", 4, 2)

    async def scenario(database):
        store = FreshnessStore(database)
        await store.replace("organization", [MILK])
        seen = []
        for rules in ([MILK, ANY], list(shipped_rules()), [MILK, later], []):
            await store.replace("organization", rules)
            seen.append(await store.rules("organization"))
        return seen

    shipped = {rule.brick: rule for rule in shipped_rules()}
    assert in_database(scenario) == [{MILK.brick: MILK, ANY_BRICK: ANY}, shipped, {MILK.brick: later}, {}]


def test_an_unknown_organization_has_no_layer(in_database):
    """Rules for a mistyped id are refused: no one would ever see them."""

    async def scenario(database):
        store = FreshnessStore(database)
        with pytest.raises(ConstraintError, match="no such organization"):
            await store.replace("organisation", [MILK])
        return await store.rules("organisation")

    assert in_database(scenario) == {}


def test_layers_that_are_replaced_at_once_are_not_mixed(in_database):
    """Of several layers for one organization one counts, as a whole."""
    layers = [
        [FreshnessRule(f"1000{brick:04}", f"Layer {number}", 2, 1) for brick in range(number, number + 5)]
        for number in range(6)
    ]

    async def scenario(database):
        store = FreshnessStore(database)
        await asyncio.gather(*[store.replace(EVERYONE, layer) for layer in layers])
        return list((await store.rules(EVERYONE)).values())

    assert in_database(scenario) in layers
