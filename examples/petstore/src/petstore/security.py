"""Who may call."""

from collections.abc import Callable, Mapping
from secrets import compare_digest

from contract_first import BasicCredential, Request, Unauthorized

from .settings import FOR_DEVELOPMENT

Find = Callable[[str | BasicCredential, Request], str | None]
"""Returns the caller who has a credential, None for nobody."""
LOOPBACK = {"127.0.0.1", "::1"}
FOR_LOOPBACK = "The secret for development is for loopback alone; set PETSTORE_SECRET."


def authentication(secret: str) -> Mapping[str, Find]:
    """Return for each security scheme of the contract who finds the caller."""

    def developer(credential: str | BasicCredential, request: Request) -> str | None:
        """Return the developer for the holder of the secret; replace it once you know your callers."""
        if secret == FOR_DEVELOPMENT and (request.scope.get("server") or [None])[0] not in LOOPBACK:
            raise Unauthorized(FOR_LOOPBACK)
        text = credential.password if isinstance(credential, BasicCredential) else credential
        return "developer" if compare_digest(text.encode(), secret.encode()) else None

    return {
        "api_key": developer,
        "staff": developer,
    }
