"""The role that an operation gets in a collection by its reading."""

from contract_first.contract import Operation

from .collection import Role, shape_of
from .keys import learn_key
from .puts import upserts
from .readings import Reading
from .schemas import OperationSchemas
from .ways import are_patches, has_keys, is_each


def assign(schemas: OperationSchemas, reading: Reading, operation: Operation) -> Role:
    """Give an operation its role in a collection, and let its path tell about the collection's key."""
    collection, action, key = reading.collection, reading.action, reading.key
    body = next(schemas.items_in_bodies(operation, collection), None)
    is_many = key is None and body is not None and is_each(body.way) and not are_patches(body)
    success, is_list = schemas.success(operation), action == "list"
    part = schemas.list_in(operation, collection) if is_list or is_many else None
    if part is None and success and not is_list:
        item = schemas.item_in(success, collection)
        if not is_many or collection.head in item.schema.members:
            part, is_many = item, False
    envelope, schema = part or ((), None)
    is_chosen = operation.method == "delete" or any(map(has_keys, schemas.bodies(operation)))
    role = Role(
        collection,
        "update" if is_many and action == "create" and upserts(operation) else action,
        shape_of(operation.path),
        envelope,
        schema,
        key,
        body.way if body else (),
        is_many or (action == "delete" and key is None and is_chosen),
        reading.kind == "folder",
        reading.kind == "copy",
    )
    collection.roles[operation.operation_id] = role
    for parameter in operation.parameters:
        if parameter["in"] == "path" and parameter["name"] == key:
            learn_key(collection, parameter, schemas.for_responses.in_media_type(parameter))
    if schema and not collection.holder and collection.key in schema.members:
        collection.key_schemas.append(schema.members[collection.key])
    return role
