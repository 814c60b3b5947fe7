"""Types of Petstore, version 1.0.0: made from its contract, not to be edited."""

from typing import Literal, TypeAlias, TypedDict


class NewPet(TypedDict):
    name: str
    kind: "Kind"


class Pet(TypedDict):
    name: str
    kind: "Kind"
    id: int


Kind: TypeAlias = Literal["cat", "dog", "other"]
