"""The petstore, ours: the contract says what is valid and who may call."""

from __future__ import annotations

from hmac import compare_digest
from itertools import count
from pathlib import Path
from typing import Any

from contract_first import NotFound, Request, create_app

PETS: dict[int, dict[str, Any]] = {}
NUMBERS = count(1)


async def list_pets(kind: str | None, limit: int) -> list[dict[str, Any]]:
    """List the pets, oldest first."""
    return [pet for pet in PETS.values() if kind in (None, pet["kind"])][:limit]


async def add_pet(body: dict[str, Any]) -> dict[str, Any]:
    """Bring in a pet."""
    number = next(NUMBERS)
    PETS[number] = {**body, "id": number}
    return PETS[number]


async def find_pet_by_id(pet_id: int) -> dict[str, Any]:
    """Look at a pet."""
    if pet_id not in PETS:
        raise NotFound(f"There is no pet {pet_id}.")
    return PETS[pet_id]


async def replace_pet(pet_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Correct what is known of a pet."""
    await find_pet_by_id(pet_id)
    PETS[pet_id] = {**body, "id": pet_id}
    return PETS[pet_id]


async def give_away_pets(pet_id: int) -> None:
    """Give a pet away."""
    await find_pet_by_id(pet_id)
    del PETS[pet_id]


def holder_of(secret: str) -> Any:
    """Return what finds the holder of a secret."""

    def find(credential: str, _request: Request) -> str | None:
        return "holder" if compare_digest(credential.encode(), secret.encode()) else None

    return find


app = create_app(
    Path(__file__).parents[2] / "examples" / "petstore" / "openapi.yaml",
    {
        function.__name__: function
        for function in (list_pets, add_pet, find_pet_by_id, replace_pet, give_away_pets)
    },
    authenticate={"api_key": holder_of("pets-key"), "staff": holder_of("staff-token")},
)
