"""The operations that the Scanner's mock adds to the control API."""

from typing import Any

import msgspec

from .pipeline import PipelineRule
from .state import State


async def get_pipeline(state: State) -> dict[str, Any]:
    return state.pipeline.described()


async def set_pipeline(body: dict[str, Any], state: State) -> dict[str, Any]:
    """Replace delay and rules of the pipeline, and return them."""
    rules = msgspec.convert(body.get("rules", []), tuple[PipelineRule, ...])
    state.pipeline.change(body.get("delay_seconds", 0), rules)
    return state.pipeline.described()
