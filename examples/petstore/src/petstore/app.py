"""The service: its contract, its handlers, and what they share."""

from pathlib import Path

import contract_first
from contract_first.service import Exposure

from . import operations
from .security import authentication
from .settings import Settings

FOLDER = Path(__file__).parent


def contract() -> contract_first.Contract:
    """Return the contract; where it declares no error, that is problem details."""
    overlays = [FOLDER / "problems.yaml"]
    return contract_first.load_contract(FOLDER / "openapi.yaml", overlays)


def create_app(settings: Settings | None = None) -> contract_first.Service:
    """Return the ASGI app; without settings, those of the environment count."""
    settings = settings or Settings()
    return contract_first.create_app(
        contract(),
        operations,
        authenticate=authentication(settings.secret.get_secret_value()),
        exposure=Exposure(cors_origins=settings.cors_origins),
    )
