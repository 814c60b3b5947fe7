"""The story: its acts, in their order."""

import time
from importlib.util import find_spec
from typing import Final

import httpx2
from rich.console import Console
from rich.markup import escape

from scanner_api.distribution import SCANNER_API
from scanner_mocks.drawings.pictures import draw_label, draw_tin
from scanner_mocks.server import Mock

from .photographs import Photograph, put_into_s3, register, show_gallery
from .review import apply, list_proposals, review, submit
from .scan import create_session, scan
from .stage import Stage

VISION: Final = ("numpy", "onnxruntime", "rapidocr", "zxingcpp")
LEFT_OUT: Final = (
    "Left out: the scan, and the proposals from the label. They need the extra [bold]vision[/]; "
    + escape(SCANNER_API.how_to_install("mock", "vision"))
)


def has_vision() -> bool:
    """Tell whether barcodes and labels in photos can be read here."""
    return all(map(find_spec, VISION))


def demonstrate(mock: Mock, console: Console) -> None:
    """Run all steps; without the extra ``vision``, those that do not need it.

    Raises:
        Failed: a response was not the expected one, or other bytes came back than were sent.
    """
    start = time.monotonic()
    # a proxy of this machine's environment has no business between us and loopback
    with httpx2.Client(trust_env=False, timeout=30) as client:
        stage = Stage(mock, client, console)
        session = create_session(stage)
        capture = scan(stage, session) if has_vision() else None
        for photograph in (
            Photograph("front", "tin.jpg", draw_tin()),
            Photograph("ingredients", "label.jpg", draw_label()),
        ):
            key = put_into_s3(stage, session, photograph)
            register(stage, session, capture, photograph, key)
        if capture:
            _review(stage, session, capture)
        show_gallery(stage, session)
    _end(console, time.monotonic() - start, is_whole=capture is not None)


def _review(stage: Stage, session: str, capture: str) -> None:
    submit(stage, session)
    proposals = list_proposals(stage, capture)
    review(stage, proposals, "ingredients", "ACCEPTED")
    review(stage, proposals, "name", "REJECTED")
    apply(stage, capture)


def _end(console: Console, seconds: float, *, is_whole: bool) -> None:
    console.print(f"\n[bold green]Done[/]: every step went as it should, in {seconds:.0f} s.")
    if not is_whole:
        console.print(LEFT_OUT, soft_wrap=True)
