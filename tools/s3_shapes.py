"""Derive the shapes of S3's documents about buckets from botocore's model of S3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session

from strict_s3.messages.operations import ON_BUCKETS

PLACE = Path(__file__).parents[1] / "packages" / "strict-s3" / "src" / "strict_s3" / "buckets" / "shapes.json"
SERVED = {selector for (method, selector), one in ON_BUCKETS.items() if method == "PUT" and one.is_served}
FORMER = {"PutBucketLifecycle", "PutBucketNotification"}
"""Operations that newer ones replace."""
OTHERS = {"", "acl", "policy"}
"""The bucket itself, and subresources whose documents have modules of their own."""
ADDED: dict[str, dict[str, Any]] = {
    "accelerate": {"required": ["Status"]},
    "cors/CORSRule": {"most": 100},
    "encryption/Rule": {"most": 1, "required": ["ApplyServerSideEncryptionByDefault"]},
    "encryption/Rule/BucketKeyEnabled": {"default": "false"},
    "lifecycle/Rule": {"most": 1000},
    "lifecycle/Rule/ID": {"default": "*"},
    **{
        f"notification/{kind}Configuration/Id": {"default": "*"}
        for kind in ("Topic", "Queue", "CloudFunction")
    },
    "object-lock": {"required": ["ObjectLockEnabled"]},
    "object-lock/Rule": {"required": ["DefaultRetention"]},
    "object-lock/Rule/DefaultRetention": {"required": ["Mode"]},
    "ownershipControls/Rule": {"most": 1},
    **{
        f"publicAccessBlock/{name}": {"default": "false"}
        for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    },
    "replication/Rule": {"most": 1000},
    "replication/Rule/ID": {"default": "*"},
}
"""What S3's documentation says of members, by their places; a default of ``*`` is an ID."""


def shapes() -> dict[str, Any]:
    """Return the shape of each document that is put to a bucket, by subresource."""
    model = botocore.session.get_session().get_service_model("s3")
    shapes = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, _, selector = operation.http["requestUri"].partition("?")
        payload = operation.input_shape and operation.input_shape.serialization.get("payload")
        puts = operation.http["method"] == "PUT" and path == "/{Bucket}" and payload
        if puts and name not in FORMER and selector in SERVED - OTHERS:
            shapes[selector] = _shape(operation.input_shape.members[payload])
    for place, rules in ADDED.items():
        _add(shapes, place.split("/"), rules)
    return dict(sorted(shapes.items()))


def text() -> str:
    """Return the file of the shapes."""
    lines = (f"{json.dumps(selector)}: {json.dumps(shape)}" for selector, shape in shapes().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _shape(shape: Any) -> dict[str, Any]:
    """Return a shape: its type, and its members in order, its item, or its values."""
    if shape.type_name == "structure":
        members = {
            member.serialization.get("name", name): _shape(member)
            | ({"attribute": True} if member.serialization.get("xmlAttribute") else {})
            for name, member in shape.members.items()
        }
        names = {name: member.serialization.get("name", name) for name, member in shape.members.items()}
        required = [names[name] for name in shape.required_members]
        return {"type": "structure", "members": members} | ({"required": required} if required else {})
    if shape.type_name == "list":
        item = _shape(shape.member)
        flattened = shape.serialization.get("flattened", False)
        name = {} if flattened else {"name": shape.member.serialization["name"]}
        return {"type": "list", "item": item} | name
    return {"type": shape.type_name} | ({"values": list(shape.enum)} if getattr(shape, "enum", None) else {})


def _add(shapes: dict[str, Any], names: list[str], rules: dict[str, Any]) -> None:
    """Add rules to the shape in a place; what is required is so of each item of a list."""
    shape = shapes[names[0]]
    for name in names[1:]:
        shape = shape.get("item", shape)["members"][name]
    item = shape.get("item", shape)
    item |= {"required": [*item.get("required", []), *rules["required"]]} if "required" in rules else {}
    shape |= {name: value for name, value in rules.items() if name != "required"}


if __name__ == "__main__":
    PLACE.write_text(text())
