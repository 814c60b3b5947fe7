"""The petstore as Connexion's own docs advise: the contract, with the names of its functions in it."""

from __future__ import annotations

from hmac import compare_digest
from itertools import count
from pathlib import Path
from typing import Any

import connexion
import yaml
from connexion.exceptions import ProblemException
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver

PETS: dict[int, dict[str, Any]] = {}
NUMBERS = count(1)
JSON = {"Content-Type": "application/json"}
"""Which of the media types a response has: errors have another."""


async def list_pets(limit: int, kind: str | None = None) -> Any:
    """List the pets, oldest first."""
    return [pet for pet in PETS.values() if kind in (None, pet["kind"])][:limit], 200, JSON


async def add_pet(body: dict[str, Any]) -> Any:
    """Bring in a pet."""
    number = next(NUMBERS)
    PETS[number] = {**body, "id": number}
    return PETS[number], 201, JSON


async def find_pet_by_id(pet_id: int) -> Any:
    """Look at a pet."""
    if pet_id not in PETS:
        raise ProblemException(status=404, title="Not Found", detail=f"There is no pet {pet_id}.")
    return PETS[pet_id], 200, JSON


async def replace_pet(pet_id: int, body: dict[str, Any]) -> Any:
    """Correct what is known of a pet."""
    await find_pet_by_id(pet_id)
    PETS[pet_id] = {**body, "id": pet_id}
    return PETS[pet_id], 200, JSON


async def give_away(pet_id: int) -> Any:
    """Give a pet away."""
    await find_pet_by_id(pet_id)
    del PETS[pet_id]
    return None, 204


def holder_of_key(key: str, required_scopes: Any = None) -> dict[str, str] | None:  # noqa: ARG001 -- Connexion passes it
    """Return who has a key."""
    return {"sub": "holder"} if compare_digest(key.encode(), b"pets-key") else None


def staff(token: str) -> dict[str, str] | None:
    """Return who has the token of staff."""
    return {"sub": "staff"} if compare_digest(token.encode(), b"staff-token") else None


document = yaml.safe_load((Path(__file__).parents[2] / "examples" / "petstore" / "openapi.yaml").read_text())
schemes = document["components"]["securitySchemes"]
schemes["api_key"]["x-apikeyInfoFunc"] = f"{__name__}.holder_of_key"
schemes["staff"]["x-bearerInfoFunc"] = f"{__name__}.staff"
document["openapi"] = "3.0.3"  # it reads no other
del document["components"]["schemas"]["NewPet"]["properties"]["name"]["examples"]
HANDLERS = {
    "listPets": list_pets,
    "addPet": add_pet,
    "find pet by id": find_pet_by_id,
    "replacePet": replace_pet,
    "pets/give-away": give_away,
}
app = connexion.AsyncApp(__name__, swagger_ui_options=SwaggerUIOptions(swagger_ui=False))
app.add_api(
    document,
    resolver=Resolver(HANDLERS.__getitem__),
    pythonic_params=True,
    validate_responses=True,
    strict_validation=True,
)
