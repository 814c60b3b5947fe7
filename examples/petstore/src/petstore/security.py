"""Who may call."""

from collections.abc import Callable, Mapping
from secrets import compare_digest

from contract_first import BasicCredential, Request

Find = Callable[[str | BasicCredential, Request], str | None]
"""Returns the caller who has a credential, None for nobody."""


def authentication(secret: str) -> Mapping[str, Find]:
    """Return for each security scheme of the contract who finds the caller."""

    def developer(credential: str | BasicCredential, _request: Request) -> str | None:
        """Return the developer for the holder of the secret; replace it once you know your callers."""
        text = credential.password if isinstance(credential, BasicCredential) else credential
        return "developer" if compare_digest(text.encode(), secret.encode()) else None

    return {
        "api_key": developer,
        "staff": developer,
    }
