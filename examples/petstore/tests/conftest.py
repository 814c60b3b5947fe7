"""The app in process, without server and port."""

import httpx2
import pytest
from contract_first import Credentials, Service
from contract_first.testing import ContractClients, mock_unimplemented
from pydantic import SecretStr

from petstore.app import create_app
from petstore.settings import Settings


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Return the defaults of settings, without those of the environment."""
    return Settings.model_construct(secret=SecretStr("for-the-tests-alone"))


@pytest.fixture(scope="session")
def app(settings: Settings) -> Service:
    """Return the app; where a handler is yet to be written, the contract responds."""
    return mock_unimplemented(create_app(settings))


@pytest.fixture(scope="session")
def credentials(settings: Settings) -> Credentials:
    """Return what the client sends where the contract requires it."""
    secret = settings.secret.get_secret_value()
    return Credentials(api_key=secret, bearer=secret, basic=f"developer:{secret}", cookie=secret)


@pytest.fixture(scope="session")
def client(
    app: Service,
    credentials: Credentials,
    contract_client: ContractClients,
) -> httpx2.Client:
    """Return a client of the app; a test fails where an exchange violates the contract."""
    return contract_client(app, credentials=credentials)
