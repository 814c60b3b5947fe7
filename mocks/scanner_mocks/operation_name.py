"""How an operation is called: by its operationId, or by the end of it."""


def is_named(operation_id: str, name: str) -> bool:
    """Return whether an operation has this name: its operationId, or the end of it behind a ``_``."""
    return operation_id == name or operation_id.endswith(f"_{name}")
