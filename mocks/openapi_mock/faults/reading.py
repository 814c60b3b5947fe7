"""Faults from outside, read by the contract of the control API."""

from __future__ import annotations

from functools import cache
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from openapi_contract import Contract, pointers
from openapi_contract.reading import read_document
from openapi_contract.schemas import ANYTHING
from presigned_s3.refusals import REFUSALS

from .errors import FaultError
from .fault import Effect, Fault
from .latency import Uniform

if TYPE_CHECKING:
    from openapi_contract.schemas import Schema

DOCUMENT = Path(__file__).parents[1] / "control" / "openapi.yaml"
ONLY_API = ("error_code",)
ONLY_S3 = ("s3_code",)


def fault_of(value: Any) -> Fault:
    """Return the fault that a JSON value is.

    Raises:
        FaultError: it is none.
    """
    _check("Fault", value)
    fault = msgspec.convert(value, Fault, strict=False)  # 1.0 is an integer to JSON Schema
    _check_together(fault)
    return fault


def effect_of(value: dict[str, Any], on: Literal["api", "s3"]) -> Effect:
    """Return the effect, on whose requests, that a JSON value is.

    Raises:
        FaultError: it is none.
    """
    _check("Effect", value)
    effect = msgspec.convert(value, Effect, strict=False)
    _check_together(Fault(on=on, effect=effect), "")
    return effect


@cache
def _schemas() -> dict[str, Schema]:
    """Return the components of the control API's contract by name."""
    contract = Contract(read_document(str(DOCUMENT)), str(DOCUMENT))
    return {
        name: contract.schemas.of(node) for name, node in contract.document["components"]["schemas"].items()
    }


def _check(name: str, value: Any) -> None:
    schema = _schemas()[name]
    wrong = next(schema.validator.violations(value, "body"), None)
    if wrong is not None:
        known = _known(schema, wrong.name) if wrong.rule == "additionalProperties" else ""
        detail = f"{wrong.detail}; known are {known}" if known else wrong.detail
        raise FaultError(wrong.name, wrong.rule, detail)


def _known(schema: Schema, pointer: str) -> str:
    """Return the names that the object at a pointer may have."""
    for step in pointers.split(pointer):
        schema = schema.properties.get(step, schema.of(ANYTHING))
    return ", ".join(schema.properties)


def _check_together(fault: Fault, at: str = "/effect") -> None:
    """Refuse what is valid part by part and makes no sense together."""
    effect, told = fault.effect, msgspec.structs.asdict(fault.effect)
    for name in ONLY_S3 if fault.on == "api" else ONLY_API:
        if told[name]:
            raise FaultError(
                f"{at}/{name}", "on", f"is for faults on {'s3' if fault.on == 'api' else 'api'} alone"
            )
    if fault.on == "api" and fault.match.key:
        raise FaultError("/match/key", "on", "is for faults on s3 alone; try match.session")
    if fault.match.method and fault.match.method.upper() not in HTTPMethod.__members__:
        raise FaultError("/match/method", "method", f"is none of {', '.join(HTTPMethod)}")
    latency = effect.latency_ms
    if isinstance(latency, Uniform) and latency.lower > latency.upper:
        raise FaultError(f"{at}/latency_ms/lower", "upper", "is above the upper bound")
    if effect.drop and (effect.status or effect.error_code or effect.s3_code):
        raise FaultError(f"{at}/drop", "drop", "leaves no answer, so there is no status or code of one")
    if fault.on == "s3":
        _check_s3(effect, at)
    if effect.error_code and effect.status is None:
        raise FaultError(f"{at}/error_code", "status", "needs a status beside it")


def _check_s3(effect: Effect, at: str) -> None:
    refuses = effect.status is not None or bool(effect.s3_code)
    if effect.status is not None and effect.status < HTTPStatus.BAD_REQUEST:
        raise FaultError(f"{at}/status", "minimum", "is at least 400 on s3, which can be had to refuse alone")
    if effect.s3_code and effect.status is None and effect.s3_code not in REFUSALS:
        known = ", ".join(REFUSALS)
        raise FaultError(f"{at}/s3_code", "status", f"needs a status beside it, unless it is one of {known}")
    if effect.retry_after_seconds is not None and not refuses:
        raise FaultError(f"{at}/retry_after_seconds", "status", "needs a status or s3_code beside it on s3")
    if effect.expired_upload and refuses:
        raise FaultError(f"{at}/expired_upload", "status", "is an answer of its own on s3")
