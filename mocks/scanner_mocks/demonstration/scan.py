"""First act: a session, and a QR code that names a product."""

import json

from scanner_api.scanning.scans.captures import FINAL, CaptureStatus
from scanner_mocks.drawings.pictures import digital_link, draw_qr_code

from .stage import Failed, Stage


def create_session(stage: Stage) -> str:
    """Return the id of a new session."""
    stage.begin("Create a session")
    body = {"capture_mode": "both"}
    request = f"{json.dumps(body)}, and as with all that follows\nX-API-Key: {stage.mock.api_key}"
    response = stage.call("POST", "/sessions", expected=201, detail=request, json=body)
    session = response.json()
    stage.tell(response, f"session {session['id']}, {session['status']}")
    return str(session["id"])


def scan(stage: Stage, session: str) -> str:
    """Upload a picture of a QR code, and return the id of its capture, linked to a product."""
    # a link to this machine, so that following it does not leave it
    link = digital_link(stage.mock.api)
    picture = draw_qr_code(link)
    stage.begin("Scan the QR code of a product: upload a picture of it")
    response = stage.call(
        "POST",
        "/captures/upload-image",
        expected=201,
        detail=f"multipart/form-data: the session, and qr-code.png, {len(picture):,} bytes",
        data={"session_short_id": session},
        files={"image": ("qr-code.png", picture, "image/png")},
    )
    capture = response.json()
    stage.tell(response, f"capture {capture['id']}, {capture['status']}")
    _show_product(stage, str(capture["id"]))
    return str(capture["id"])


def _show_product(stage: Stage, capture_id: str) -> None:
    stage.begin("Wait until the pipeline has read it, and see which product it is")
    capture = stage.poll(f"/captures/{capture_id}", "status", FINAL)
    if capture["status"] != CaptureStatus.COMPLETED:
        raise Failed(f"the capture ended as {capture['status']}: {capture['error_message']}")
    stage.tell("is", f"[bold]{capture['product_name']}[/], GTIN {capture['gtin']}")
    stage.tell_address("says", capture["raw_value"])
    identifiers = ", ".join(f"({identifier}) {value}" for identifier, value in capture["gs1_dl_data"].items())
    stage.tell("GS1", identifiers)
