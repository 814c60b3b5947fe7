"""Pets."""

# ruff: noqa: N802, RUF100 -- the contract names handlers and their arguments

from __future__ import annotations

from petstore.contract_types import Kind, NewPet, Pet
from petstore.store import PETS


async def listPets(kind: Kind | None, limit: int) -> list[Pet]:
    """List the pets, oldest first."""
    return PETS.listed(kind, limit)


async def addPet(body: NewPet) -> Pet:
    """Bring in a pet."""
    return PETS.add(body)


async def find_pet_by_id(pet_id: int) -> Pet:
    """Look at a pet."""
    return PETS.get(pet_id)


async def replacePet(pet_id: int, body: NewPet) -> Pet:
    """Correct what is known of a pet."""
    return PETS.replace(pet_id, body)


async def pets_give_away(pet_id: int) -> None:
    """Give a pet away, for staff."""
    PETS.remove(pet_id)
