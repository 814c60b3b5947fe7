"""The petstore as FastAPI's docs advise: models, dependencies, and handlers of errors for problem details."""

from hmac import compare_digest
from itertools import count
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

Kind = Literal["cat", "dog", "other"]


class NewPet(BaseModel):
    """A pet that is brought in."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    kind: Kind


class Pet(NewPet):
    """A pet, with its id."""

    id: Annotated[int, Field(ge=1)]


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None


PETS: dict[int, Pet] = {}
NUMBERS = count(1)
PROBLEM = "application/problem+json"
RESPONSES = {"default": {"model": Problem, "content": {PROBLEM: {}}, "description": "What went wrong."}}
PetId = Annotated[int, Path(ge=1)]
app = FastAPI(title="Petstore", version="1.0.0", responses=RESPONSES)
api_key = APIKeyHeader(name="X-API-Key", auto_error=False)
bearer = HTTPBearer(auto_error=False)


def is_staff(token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> bool:
    """Tell whether staff calls."""
    return token is not None and compare_digest(token.credentials.encode(), b"staff-token")


def require_staff(staff: Annotated[bool, Depends(is_staff)]) -> None:
    """Refuse everybody but staff."""
    if not staff:
        raise HTTPException(401, "A valid credential is required.", {"WWW-Authenticate": "Bearer"})


def require_key(
    staff: Annotated[bool, Depends(is_staff)], key: Annotated[str | None, Depends(api_key)]
) -> None:
    """Refuse everybody but staff and who has a key."""
    if not staff and not (key and compare_digest(key.encode(), b"pets-key")):
        raise HTTPException(401, "A valid credential is required.", {"WWW-Authenticate": "Bearer"})


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a response of problem details."""
    content = {"type": "about:blank", "title": detail, "status": status, "detail": detail}
    return JSONResponse(content, status, headers, media_type=PROBLEM)


@app.exception_handler(StarletteHTTPException)
async def refused(_request: Request, error: StarletteHTTPException) -> JSONResponse:
    """Respond with what was raised, as problem details."""
    return problem(error.status_code, str(error.detail), error.headers)


@app.exception_handler(RequestValidationError)
async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    """Respond with what is not valid, as problem details."""
    return problem(422, "; ".join(f"{item['loc']}: {item['msg']}" for item in error.errors()))


@app.get("/pets")
async def list_pets(kind: Kind | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[Pet]:
    """List the pets, oldest first."""
    return [pet for pet in PETS.values() if kind in (None, pet.kind)][:limit]


@app.post("/pets", status_code=201, dependencies=[Depends(require_key)])
async def add_pet(body: NewPet) -> Pet:
    """Bring in a pet."""
    number = next(NUMBERS)
    PETS[number] = Pet(id=number, **body.model_dump())
    return PETS[number]


@app.get("/pets/{pet_id}")
async def find_pet_by_id(pet_id: PetId) -> Pet:
    """Look at a pet."""
    if pet_id not in PETS:
        raise HTTPException(404, f"There is no pet {pet_id}.")
    return PETS[pet_id]


@app.put("/pets/{pet_id}", dependencies=[Depends(require_key)])
async def replace_pet(pet_id: PetId, body: NewPet) -> Pet:
    """Correct what is known of a pet."""
    await find_pet_by_id(pet_id)
    PETS[pet_id] = Pet(id=pet_id, **body.model_dump())
    return PETS[pet_id]


@app.delete("/pets/{pet_id}", status_code=204, dependencies=[Depends(require_staff)])
async def give_away(pet_id: PetId) -> None:
    """Give a pet away."""
    await find_pet_by_id(pet_id)
    del PETS[pet_id]
