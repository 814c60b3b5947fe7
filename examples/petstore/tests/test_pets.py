"""Pets."""

from __future__ import annotations

import asyncio

import pytest

from contract_first.service import NotFound
from petstore.operations.pets import addPet, find_pet_by_id, listPets, pets_give_away, replacePet


def test_the_life_of_a_pet() -> None:
    """A pet that is brought in is found, listed by its kind, corrected, and gone once it is given away."""

    async def live() -> None:
        pet = await addPet(body={"name": "Rex", "kind": "cat"})
        assert await find_pet_by_id(pet_id=pet["id"]) == pet
        assert pet in await listPets(kind="cat", limit=100)
        assert pet not in await listPets(kind="dog", limit=100)
        corrected = await replacePet(pet_id=pet["id"], body={"name": "Rex", "kind": "dog"})
        assert corrected == {**pet, "kind": "dog"}
        await pets_give_away(pet_id=pet["id"])
        with pytest.raises(NotFound):
            await find_pet_by_id(pet_id=pet["id"])

    asyncio.run(live())
