"""Who may call: for each security scheme of the contract, a function from a credential to the caller."""

import os
from secrets import compare_digest

from contract_first.service import BasicCredential, Request

SECRET = os.environ.get("PETSTORE_SECRET", "for-development-only")


def developer(credential: str | BasicCredential, _request: Request) -> str | None:
    """Return who calls, None for nobody: the holder of the secret is the developer, until you know better."""
    secret = credential.password if isinstance(credential, BasicCredential) else credential
    return "developer" if compare_digest(secret.encode(), SECRET.encode()) else None


AUTHENTICATE = {"api_key": developer, "staff": developer}
