"""The role that an operation gets in a collection by its reading."""

from contract_first.contract import Operation

from .collection import Collection, Role, shape_of
from .keys import learn_key
from .puts import upserts
from .readings import Reading
from .schemas import OperationSchemas
from .ways import Nested, are_patches, has_keys, is_each


def assign(schemas: OperationSchemas, reading: Reading, operation: Operation) -> Role:
    """Give an operation its role in a collection, and let its path tell about the collection's key."""
    collection, key = reading.collection, reading.key
    role = role_of(schemas, reading, operation)
    collection.roles[operation.operation_id] = role
    for parameter in operation.parameters:
        if parameter["in"] == "path" and parameter["name"] == key:
            learn_key(collection, parameter, schemas.for_responses.in_media_type(parameter))
    members = role.schema.members if role.schema and not collection.holder else {}
    collection.key_schemas += [members[collection.key]] if collection.key in members else []
    return role


def role_of(schemas: OperationSchemas, reading: Reading, operation: Operation) -> Role:
    """Return the role of an operation that has been read."""
    collection, action, key = reading.collection, reading.action, reading.key
    body = next(schemas.items_in_bodies(operation, collection), None)
    is_many = key is None and body is not None and is_each(body.way) and not are_patches(body)
    part, is_many = _response(schemas, operation, collection, is_list=action == "list", is_many=is_many)
    is_chosen = operation.method == "delete" or any(map(has_keys, schemas.bodies(operation)))
    return Role(
        collection,
        "update" if is_many and action == "create" and upserts(operation) else action,
        shape_of(operation.path),
        () if part is None else part.way,
        None if part is None else part.schema,
        key,
        () if body is None else body.way,
        is_many or (action == "delete" and key is None and is_chosen),
        reading.kind == "folder",
        reading.kind == "copy",
    )


def _response(
    schemas: OperationSchemas, operation: Operation, collection: Collection, *, is_list: bool, is_many: bool
) -> tuple[Nested | None, bool]:
    """Return where the item or the list is in a response, if it is, and whether an operation is of many."""
    success = schemas.success(operation)
    listed = schemas.list_in(operation, collection) if is_list or is_many else None
    if listed is not None or success is None or is_list:
        return listed, is_many
    item = schemas.item_in(success, collection)
    if is_many and collection.head not in item.schema.members:
        return None, True
    return item, False
