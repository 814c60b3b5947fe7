"""The shop conforms to its contract: each exchange of these tests is validated."""

import httpx2
import pytest
from httpx2 import codes

from contract_first import Credentials
from contract_first.testing import ContractClients
from shop import app


@pytest.fixture
def client(contract_client: ContractClients) -> httpx2.Client:
    """Return a client of an empty shop."""
    app.state.pets.clear()
    return contract_client(app, credentials=Credentials(api_key="a-key", bearer="a-token"))


def test_a_pet_is_added_found_changed_and_given_away(client: httpx2.Client) -> None:
    """What is added is there until it is given away."""
    pet = client.post("/pets", json={"name": "Rex", "kind": "dog"}).json()
    assert client.get("/pets", params={"kind": "dog", "limit": 5}).json() == [pet]
    assert client.get(f"/pets/{pet['id']}").json() == pet
    assert client.put(f"/pets/{pet['id']}", json={"name": "Max", "kind": "dog"}).json()["name"] == "Max"
    assert client.delete(f"/pets/{pet['id']}").is_success
    assert client.get(f"/pets/{pet['id']}").status_code == codes.NOT_FOUND


@pytest.mark.parametrize(
    "pet", [{"name": "Rex"}, {"name": "", "kind": "dog"}, {"name": "Nemo", "kind": "fish"}]
)
def test_what_violates_the_contract_is_refused(client: httpx2.Client, pet: dict[str, str]) -> None:
    """A wrong pet is a problem, and is not stored."""
    assert client.post("/pets", json=pet).status_code == codes.UNPROCESSABLE_ENTITY
    assert client.get("/pets").json() == []
