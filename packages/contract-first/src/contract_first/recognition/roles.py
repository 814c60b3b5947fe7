"""The role that an operation gets in a collection by its reading."""

from contract_first.contract import Operation

from .collection import Role, shape_of
from .keys import learn_key
from .outcomes import outcome_of
from .puts import upserts
from .readings import Reading
from .schemas import OperationSchemas
from .ways import Nested, are_patches, has_keys, is_each


def assign(schemas: OperationSchemas, reading: Reading, operation: Operation) -> Role:
    """Give an operation its role in a collection, and let its path tell about the collection's key."""
    collection, action, key = reading.collection, reading.action, reading.key
    body = next(schemas.items_in_bodies(operation, collection), None)
    takes_many = key is None and body is not None and is_each(body.way) and not are_patches(body)
    part, is_many = _part(schemas, reading, operation, takes_many=takes_many)
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
        outcome_of(operation, collection) if action == "update" else {},
    )
    collection.roles[operation.operation_id] = role
    _learn_keys(schemas, role, operation)
    return role


def _part(
    schemas: OperationSchemas, reading: Reading, operation: Operation, *, takes_many: bool
) -> tuple[Nested | None, bool]:
    """Return where the success has the item or the list, and whether the operation is about several items."""
    collection, is_list = reading.collection, reading.action == "list"
    part = schemas.list_in(operation, collection) if is_list or takes_many else None
    success = schemas.success(operation)
    if part is not None or is_list or not success:
        return part, takes_many
    item = schemas.item_in(success, collection)
    # many are taken and one is shown: of this collection only if it has the key
    if takes_many and collection.head not in item.schema.members:
        return None, True
    return item, False


def _learn_keys(schemas: OperationSchemas, role: Role, operation: Operation) -> None:
    """Let an operation's path and its success tell about the keys of its collection."""
    collection = role.collection
    for parameter in operation.parameters:
        if parameter["in"] == "path" and parameter["name"] == role.key:
            learn_key(collection, parameter, schemas.for_responses.in_media_type(parameter))
    if role.schema and not collection.holder and collection.key in role.schema.members:
        collection.key_schemas.append(role.schema.members[collection.key])
