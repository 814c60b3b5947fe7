"""Pets."""

import httpx2


def test_the_life_of_a_pet(client: httpx2.Client) -> None:
    """A pet that is brought in is found, listed by its kind, corrected, and gone once it is given away."""
    pet = client.post("/pets", json={"name": "Rex", "kind": "cat"}).json()
    assert client.get(f"/pets/{pet['id']}").json() == pet
    assert pet in client.get("/pets", params={"kind": "cat", "limit": 100}).json()
    assert pet not in client.get("/pets", params={"kind": "dog", "limit": 100}).json()
    corrected = client.put(f"/pets/{pet['id']}", json={"name": "Rex", "kind": "dog"}).json()
    assert corrected == {**pet, "kind": "dog"}
    assert client.delete(f"/pets/{pet['id']}").status_code == 204
    assert client.get(f"/pets/{pet['id']}").status_code == 404
