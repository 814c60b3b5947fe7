"""Products are stored by GTIN, any number of them, as often as one likes."""

from __future__ import annotations

import asyncio
import re

import pytest
from msgspec.structs import asdict, replace

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.scanning.catalogue.products import Product, shipped_products
from scanner_api.storage.actions import UNKNOWN
from scanner_api.storage.catalogue import products
from scanner_api.storage.catalogue.products import ProductStore, StoredProduct, override
from scanner_api.storage.database import Database

HOSTILE = "\x00 \\u0000 \ud83d \\ 日本"
OWN, OTHERS = "organization", "another organization"


def numbered(number):
    """Make a product."""
    return Product(gtin=f"{number:014}", name=f"Product {number}")


def stored(product, short_id, moment):
    """Return the product as it is stored."""
    return StoredProduct(**asdict(product), short_id=short_id, ai_summary="", created=moment, modified=moment)


def test_a_product_comes_back_as_it_was_stored(in_stores, milk, now):
    """Every field survives, with hostile strings wherever there can be some; other GTINs find nothing."""
    hostile = dict.fromkeys(("category", "description", "ingredients", "images", "brand_name"), HOSTILE)
    product = replace(milk, **hostile)

    async def scenario(stores):
        assert await stores.products.upsert_many([product]) == 1
        others = ["", "\x00", milk.gtin[1:], f"{milk.gtin}\x00", "\ud800"]
        found = await asyncio.gather(*map(stores.products.by_gtin, [milk.gtin, *others]))
        return found, await stores.products.page(page=1, page_size=10)

    expected = stored(product, f"whole-milk-1-l-{milk.gtin}", now)
    assert in_stores(scenario) == ([expected, *[None] * 5], ([expected], 1))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Crème brûlée (2 à 100 g)", "creme-brulee-2-a-100-g-"),
        ("牛乳", ""),
        ("\x00\ud800/../?#", ""),
        ("a" * 500, "a" * 80 + "-"),
    ],
)
def test_a_short_id_is_a_slug(in_stores, milk, name, slug):
    """It has what can stand in a URL as it is, is never too long, and tells the GTIN."""

    async def scenario(stores):
        await stores.products.upsert_many([replace(milk, name=name)])
        return await stores.products.by_gtin(milk.gtin)

    found = in_stores(scenario)
    assert (found.name, found.short_id) == (name, slug + milk.gtin)
    assert re.fullmatch("[a-z0-9-]{14,95}", found.short_id)


def test_a_known_product_is_brought_up_to_date(in_stores, milk, clock, now):
    """What a second import says is taken over; short id, creation and what an organization says stay."""
    short_id = f"whole-milk-1-l-{milk.gtin}"

    async def scenario(stores):
        await stores.products.upsert_many([milk])
        await stores.database.change(
            override(stores.database.dialect.name, OWN, short_id, {"ai_summary": HOSTILE}, now)
        )
        clock.advance(60)
        await stores.products.upsert_many([replace(milk, name="Milk", brick="", ingredients=HOSTILE)])
        return await stores.products.by_gtin(milk.gtin, OWN), (
            await stores.products.page(page=1, page_size=1)
        )[1]

    found, count = in_stores(scenario)
    changes = {"name": "Milk", "brick": "", "ingredients": HOSTILE, "ai_summary": HOSTILE}
    assert found == replace(stored(milk, short_id, now), **changes, modified=clock.now())
    assert count == 1


def test_an_override_is_its_organizations_alone(in_stores, milk, now, clock):
    """The catalogue and other organizations have the product as it was imported, field by field."""
    short_id = f"whole-milk-1-l-{milk.gtin}"

    async def scenario(stores):
        await stores.products.upsert_many([milk])
        for values in ({"name": "Our milk", "category": HOSTILE}, {"name": "Milk of ours"}):
            clock.advance(1)
            dialect = stores.database.dialect.name
            await stores.database.change(override(dialect, OWN, short_id, values, clock.now()))
        found = [await stores.products.by_gtin(milk.gtin, whose) for whose in (None, OTHERS, OWN)]
        return (
            found,
            await stores.products.by_gtin("unknown", OWN),
            await stores.products.page(page=1, page_size=10),
        )

    (catalogue, of_others, own), unknown, (listed, _) = in_stores(scenario)
    expected = stored(milk, short_id, now)
    assert [catalogue, of_others, unknown, listed] == [expected, expected, None, [expected]]
    assert own == replace(expected, name="Milk of ours", category=HOSTILE, modified=clock.now())


def test_importing_again_changes_nothing(in_stores, clock):
    """The same products once more leave even the time of modification as it was."""
    shipped = list(shipped_products())

    async def scenario(stores):
        numbers = [await stores.products.upsert_many(shipped)]
        before = await stores.products.page(page=1, page_size=1000)
        clock.advance(60)
        numbers.append(await stores.products.upsert_many(shipped))
        return numbers, before == await stores.products.page(page=1, page_size=1000), before[1]

    assert in_stores(scenario) == ([len(shipped)] * 2, True, len(shipped))


def test_of_a_product_that_is_given_twice_the_last_counts(in_stores, milk):
    """It makes no difference whether the two are far apart."""
    new = [milk, replace(milk, name="Second"), *map(numbered, range(1000)), replace(milk, name="Last")]

    async def scenario(stores):
        names = []
        for number in (2, None):
            await stores.products.upsert_many(new[:number])
            names.append((await stores.products.by_gtin(milk.gtin)).name)
        return names, (await stores.products.page(page=1, page_size=1))[1]

    assert in_stores(scenario) == (["Second", "Last"], 1001)


def test_products_are_stored_as_they_come(in_stores):
    """No more than a thousand are held at a time, so an import of any length fits into memory."""

    def endless():
        for number in range(2500):
            yield numbered(number)
        raise LookupError

    async def scenario(stores):
        with pytest.raises(LookupError):
            await stores.products.upsert_many(endless())
        return (await stores.products.page(page=1, page_size=1))[1], await stores.products.upsert_many([])

    assert in_stores(scenario) == (2000, 0)


def test_the_error_that_ends_an_import_is_reported(in_stores, monkeypatch):
    """Also if the database does not take the record of what was stored."""

    def unavailable(*_, **__):
        raise ServiceUnavailable

    def cut_off():
        yield from map(numbered, range(1000))
        raise LookupError

    async def scenario(stores):
        with pytest.raises(LookupError):
            await stores.products.upsert_many(cut_off(), (UNKNOWN, "products.csv"))

    monkeypatch.setattr(products, "entry", unavailable)
    in_stores(scenario)


def test_imports_at_once_all_succeed(in_shared_database, shared_url, clock):
    """Processes that import the same products at once, in any order, end with each product once."""
    new = [numbered(number) for number in range(1500)]

    async def scenario(database):
        async def run(products):
            own = Database(shared_url)
            await ProductStore(own, clock).upsert_many(products)
            await own.close()

        await asyncio.gather(run(new), run(new[::-1]), run(new))
        return (await ProductStore(database, clock).page(page=1, page_size=1))[1]

    assert in_shared_database(scenario) == 1500


def test_the_catalogue_is_listed_by_gtin(in_stores):
    """Pages follow one another without gaps, and each tells how many products there are."""

    async def scenario(stores):
        await stores.products.upsert_many(map(numbered, [3, 1, 4, 0, 2]))
        pages = [await stores.products.page(page=number, page_size=2) for number in (1, 2, 3, 4)]
        return [[product.name[-1] for product in products] for products, _ in pages], {
            total for _, total in pages
        }

    assert in_stores(scenario) == ([["0", "1"], ["2", "3"], ["4"], []], {5})
