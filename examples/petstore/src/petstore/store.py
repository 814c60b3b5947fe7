"""The pets, in memory."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from contract_first.service import NotFound

if TYPE_CHECKING:
    from .contract_types import Kind, NewPet, Pet


class PetStore:
    """Keeps pets by id, for as long as the process lives."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._pets: dict[int, Pet] = {}

    def listed(self, kind: Kind | None, limit: int) -> list[Pet]:
        """Return the first pets, of this kind if one is asked for."""
        return [pet for pet in self._pets.values() if kind in (None, pet["kind"])][:limit]

    def add(self, body: NewPet) -> Pet:
        """Keep a new pet, and return it with its id."""
        return self._keep(next(self._ids), body)

    def get(self, pet_id: int) -> Pet:
        """Return a pet, or raise NotFound."""
        try:
            return self._pets[pet_id]
        except KeyError:
            raise NotFound(f"There is no pet {pet_id}.") from None

    def replace(self, pet_id: int, body: NewPet) -> Pet:
        """Change a pet, or raise NotFound."""
        self.get(pet_id)
        return self._keep(pet_id, body)

    def remove(self, pet_id: int) -> None:
        """Forget a pet, or raise NotFound."""
        self.get(pet_id)
        del self._pets[pet_id]

    def _keep(self, pet_id: int, body: NewPet) -> Pet:
        pet: Pet = {"id": pet_id, "name": body["name"], "kind": body["kind"]}
        self._pets[pet_id] = pet
        return pet


PETS = PetStore()
