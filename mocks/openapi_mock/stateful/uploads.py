"""What an uploaded file says of the item that it belongs to."""

from typing import Any

from starlette.datastructures import UploadFile


def about_file(body: Any) -> dict[str, Any]:
    """Return what members of an item may say of the one file that a form holds."""
    files = [part for part in body.values() if isinstance(part, UploadFile)] if isinstance(body, dict) else []
    if len(files) != 1:
        return {}
    (file,) = files
    names = {"name": file.filename, "filename": file.filename}
    types = {"content_type": file.content_type, "mime_type": file.content_type}
    about = {**names, "size": file.size, "bytes": file.size, **types}
    return {name: value for name, value in about.items() if value is not None}
