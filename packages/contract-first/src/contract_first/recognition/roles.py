"""The role that an operation gets in a collection."""

from contract_first.contract import Operation

from .collection import Collection, Role, shape_of
from .keys import learn_key
from .puts import upserts
from .schemas import OperationSchemas
from .ways import Way, are_patches, has_keys, is_each


def assign(
    schemas: OperationSchemas, collection: Collection, operation: Operation, action: str, key: str | None
) -> None:
    """Give an operation a role in a collection, and let its path tell about the collection's key.

    Args:
        key: name of the path parameter that identifies the item, if there is one.
    """
    envelope: Way = ()
    schema = schemas.success(operation)
    body = next(schemas.items_in_bodies(operation, collection), None)
    is_many = key is None and body is not None and is_each(body.way) and not are_patches(body)
    listed = schemas.list_in(operation, collection) if is_many or action == "list" else None
    item = None if schema is None else schemas.item_in(schema, collection)
    if listed is not None:
        envelope, schema = listed
    elif action == "list" or (is_many and (item is None or collection.head not in item.schema.members)):
        schema = None  # of many, it shows none
    elif item is not None:
        envelope, schema = item
        is_many = False
    is_chosen = operation.method == "delete" or any(map(has_keys, schemas.bodies(operation)))
    is_many = is_many or (action == "delete" and key is None and is_chosen)
    action = "update" if is_many and action == "create" and upserts(operation) else action
    way: Way = () if body is None else body.way
    collection.roles[operation.operation_id] = Role(
        collection, action, shape_of(operation.path), envelope, schema, key, way, is_many
    )
    for parameter in operation.parameters:
        if parameter["in"] == "path" and parameter["name"] == key:
            learn_key(collection, parameter, schemas.for_responses.in_media_type(parameter))
    members = schema.members if schema and not collection.holder else {}
    collection.key_schemas += [members[collection.key]] if collection.key in members else []
