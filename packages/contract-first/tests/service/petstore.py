"""A contract of somebody else's, functions that handle it, and requests to an app of it."""

from __future__ import annotations

import asyncio
import threading

import httpx2

from contract_first.contract import Contract
from contract_first.service import NotFound, create_app

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "default": 1}},
}
JSON_PET = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
PETSTORE = {
    "openapi": "3.1.0",
    "info": {"title": "Pets & more", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list pets",
                "parameters": [{"in": "query", "name": "maxAge", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"type": "array", "items": PET}}},
                    }
                },
            },
            "post": {
                "operationId": "createPet",
                "requestBody": {"required": True, **JSON_PET},
                "responses": {"201": {"description": "", **JSON_PET}, "202": {"description": "", **JSON_PET}},
            },
        },
        "/pets/{petId}": {
            "parameters": [{"in": "path", "name": "petId", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "", **JSON_PET}}},
        },
    },
    "components": {"schemas": {"Pet": PET}},
}


async def list_pets(max_age):
    """Return what was asked."""
    return [{"name": "Rex", "age": max_age or 0}]


async def create_pet(body):
    """Return what was sent, with its default."""
    return body


def get_pets_pet_id(pet_id):
    """Return the name of the thread, from which a plain function is called."""
    if pet_id == "none":
        raise NotFound
    return {"name": threading.current_thread().name}


HANDLERS = {"list_pets": list_pets, "createPet": create_pet, "petId_": get_pets_pet_id}


def secured(*requirements, **schemes):
    """Return a contract whose one operation has these security requirements."""
    operation = {
        "operationId": "get_secret",
        "security": list(requirements),
        "responses": {"200": {"description": "", "content": {"application/json": {}}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vault", "version": "1"},
        "paths": {"/": {"get": operation}},
        "components": {"securitySchemes": schemes},
    }


def served(contract=PETSTORE, handlers=HANDLERS, **options):
    """Return the app of a contract that is given as a document."""
    return create_app(Contract(contract, "pets"), handlers, **options)


def ask(app, method, target, **how):
    """Return the response to one request."""

    async def asked():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://pets.test") as client:
            return await client.request(method, target, **how)

    return asyncio.run(asked())
