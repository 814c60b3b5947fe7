"""Pictures of one product of the shipped catalogue: drawn, so that they are ours to give away."""

from typing import Final

GTIN: Final = "09521234000358"
"""Of the product: chopped tomatoes of Campo Bianco, 400 g."""
