"""A pet shop in FastAPI, as it was before anybody wrote its contract down."""

from http import HTTPStatus
from itertools import count
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel, Field

Kind = Literal["cat", "dog", "other"]


class NewPet(BaseModel):
    """What a client says of a pet."""

    name: str = Field(min_length=1, max_length=60)
    kind: Kind


class Pet(NewPet):
    """A pet of the shop."""

    id: int


app = FastAPI()
app.state.pets = {}
app.state.ids = count(1)


def problem(status: int, detail: str) -> JSONResponse:
    """Return a problem of RFC 9457, as the contract has it; FastAPI's own errors are others."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(document, status, media_type="application/problem+json")


@app.exception_handler(HTTPException)
async def refused(_: Request, error: HTTPException) -> JSONResponse:
    """Write an error of a handler."""
    return problem(error.status_code, error.detail)


@app.exception_handler(RequestValidationError)
async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    """Write an error of validation."""
    return problem(422, "; ".join(f"{part['loc']}: {part['msg']}" for part in error.errors()))


def caller(
    key: Annotated[str | None, Depends(APIKeyHeader(name="X-API-Key", auto_error=False))],
    bearer: Annotated[object | None, Depends(HTTPBearer(auto_error=False))],
) -> None:
    """Let nobody change anything without a credential."""
    if key is None and bearer is None:
        raise HTTPException(401, "A key or a token is missing.")


@app.get("/pets")
async def list_pets(
    request: Request, kind: Kind | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[Pet]:
    """List the pets, oldest first."""
    return [pet for pet in request.app.state.pets.values() if kind in (None, pet.kind)][:limit]


@app.post("/pets", status_code=201, dependencies=[Depends(caller)])
async def add_pet(request: Request, pet: NewPet) -> Pet:
    """Bring in a pet."""
    added = Pet(id=next(request.app.state.ids), **pet.model_dump())
    request.app.state.pets[added.id] = added
    return added


@app.get("/pets/{pet_id}")
async def find_pet(request: Request, pet_id: int) -> Pet:
    """Look at a pet."""
    if pet_id not in request.app.state.pets:
        raise HTTPException(404, f"There is no pet {pet_id}.")
    return request.app.state.pets[pet_id]


@app.put("/pets/{pet_id}", dependencies=[Depends(caller)])
async def replace_pet(request: Request, pet_id: int, pet: NewPet) -> Pet:
    """Correct what is known of a pet."""
    await find_pet(request, pet_id)
    request.app.state.pets[pet_id] = Pet(id=pet_id, **pet.model_dump())
    return request.app.state.pets[pet_id]


@app.delete("/pets/{pet_id}", status_code=204, dependencies=[Depends(caller)])
async def give_away(request: Request, pet_id: int) -> None:
    """Give a pet away."""
    await find_pet(request, pet_id)
    del request.app.state.pets[pet_id]
