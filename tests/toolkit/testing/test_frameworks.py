"""``contract_client`` works with apps of other frameworks."""

import json
from importlib import import_module

import pytest

from contract_first.testing import ContractViolationError

CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "get_pet",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "A pet.",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "properties": {"id": {"maximum": 8}}}
                            }
                        },
                    }
                },
            }
        }
    },
}


@pytest.fixture
def contract(tmp_path):
    """The file of a contract."""
    path = tmp_path / "pets.json"
    path.write_text(json.dumps(CONTRACT))
    return path


def test_fastapi(contract_client, contract):
    """Its responses are validated like those of any other."""
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()

    @app.get("/pets/{id}")
    def get_pet(id: int) -> dict[str, int]:  # noqa: A002 -- the contract's name
        return {"id": id}

    client = contract_client(app, contract)
    assert client.get("/pets/8").json() == {"id": 8}
    with pytest.raises(ContractViolationError, match="response body /id"):
        client.get("/pets/9")


def test_django(contract_client, contract):
    """It has no lifespan, and runs synchronous views in threads."""
    django = pytest.importorskip("django")
    conf, asgi, http, urls = (
        import_module(f"django.{name}") for name in ("conf", "core.asgi", "http", "urls")
    )

    def get_pet(_request, number):
        return http.JsonResponse({"id": number})

    conf.settings.configure(ROOT_URLCONF=(urls.path("pets/<int:number>", get_pet),), ALLOWED_HOSTS=["*"])
    django.setup()
    client = contract_client(asgi.get_asgi_application(), contract)
    assert client.get("/pets/8").json() == {"id": 8}
    with pytest.raises(ContractViolationError, match="response body /id"):
        client.get("/pets/9")
