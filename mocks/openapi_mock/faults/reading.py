"""Faults from outside, read by the contract of the control API."""

from __future__ import annotations

from functools import cache
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import msgspec

from openapi_contract import pointers
from openapi_contract.reading import read_document
from presigned_s3.refusals import REFUSALS

from .errors import FaultError
from .fault import Effect, Fault
from .latency import Uniform

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
def _schema(name: str) -> tuple[dict[str, Any], jsonschema_rs.Draft202012Validator]:
    schemas = read_document(str(DOCUMENT))["components"]["schemas"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    return schema, jsonschema_rs.Draft202012Validator(schema, mask="value")


def _check(name: str, value: Any) -> None:
    schema, validator = _schema(name)
    if validator.is_valid(value):
        return
    wrong = next(validator.iter_errors(value))
    rule = wrong.kind.name
    known = _known(schema, wrong.instance_path) if rule == "additionalProperties" else ""
    detail = f"{wrong.message}; known are {known}" if known else wrong.message
    raise FaultError(pointers.join("", *wrong.instance_path), rule, detail)


def _known(schema: dict[str, Any], path: list[str | int]) -> str:
    """Return the names that an object may have."""
    schemas, node = schema["components"]["schemas"], schema
    for step in ["", *path]:
        node = node["properties"].get(step, {}) if step else node
        node = schemas[node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    return ", ".join(node.get("properties", ()))


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
