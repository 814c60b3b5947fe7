"""An integrator's whole story, once, over real HTTP: scan a product, photograph it, review what was read."""

from .stage import Failed
from .story import demonstrate, has_vision

__all__ = ["Failed", "demonstrate", "has_vision"]
