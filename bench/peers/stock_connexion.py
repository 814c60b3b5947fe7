"""Connexion 3 as it comes, its request and response validation on, signing nothing.

Its document says what ours says of the operation, in the OpenAPI 3.0 that it can read: a parameter without
a ``type`` of its own would be a 500.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import connexion
from bare import RESPONSE
from connexion.options import SwaggerUIOptions


async def get_presigned_upload_url(
    session_id: str,  # noqa: ARG001 -- Connexion passes it by name
    photo_type: str,  # noqa: ARG001 -- the same
    original_filename: str,  # noqa: ARG001 -- the same
) -> dict[str, Any]:
    """Respond with the fixed document; what is measured is what Connexion does around it."""
    return RESPONSE


app = connexion.AsyncApp(
    __name__,
    specification_dir=Path(__file__).parent,
    swagger_ui_options=SwaggerUIOptions(swagger_ui=False),
)
app.add_api("presigned-upload-3.0.yaml", validate_responses=True)
