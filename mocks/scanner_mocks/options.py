"""The options of the Scanner's mock, each declared once, beside those of all mocks of APIs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from contract_first.mock.options import ApiOptions, host_option, option, port_option, url_option
from strict_s3.messages.identifiers import ACCOUNT
from strict_s3.options import flags

MOST_DELAY_SECONDS = 3600


def s3_option(name: str, flag_name: str, value: Any, **changes: Any) -> Any:
    """Return the field of an option of S3, which is passed on, with changes to its flag."""
    flag = flags()[name][0]
    settings = {"help": flag.help, "metavar": flag.metavar, "name": flag_name, "read": flag.read}
    return option(value, **{**settings, "default": flag.default, **changes})


def delay(seconds: float) -> float:
    """Return a delay; raise ValueError for one that is negative or longer than an hour."""
    if not 0 <= seconds <= MOST_DELAY_SECONDS:
        raise ValueError(f"{seconds} is not from 0 to {MOST_DELAY_SECONDS} seconds.")
    return seconds


@dataclass(frozen=True, slots=True)
class ScannerMockOptions(ApiOptions):
    """The options of the mock of the Scanner API.

    Attributes:
        overlays: OpenAPI Overlay documents, applied to the contract in this order.
        s3_credentials: of S3, beside its own: ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key.
        tell_reload: called after each reload of the contract; None to not watch its file.
        settings: settings of the service that differ from the mock's own.
    """

    host: str = host_option()
    port: int = port_option("the API", 8000)
    s3_port: int = port_option("S3", 9000)
    _: KW_ONLY
    overlays: Sequence[Path] = ()
    s3_credentials: Mapping[str, str] | None = s3_option(
        "credentials",
        "s3-credential",
        None,
        help="Additional credential that S3 accepts; repeatable. Append :SESSION_TOKEN or "
        ":SESSION_TOKEN:EXPIRES for a temporary one, which expires by the mock's clock.",
        default="none",
        kind=list[str] | None,
    )
    s3_public_url: str | None = url_option("S3", "its port at the host that a request came to")
    s3_domains: Sequence[str] = s3_option("domains", "s3-domain", ())
    s3_account: str | None = s3_option("account", "s3-account", None, default=ACCOUNT)
    processing_delay: float = option(
        0.0, "Seconds that a capture stays in each state of its processing.", "SECONDS", read=delay
    )
    products: Path | None = option(  # noqa: RUF009 -- it returns a field
        None,
        "Add the products of this file to the catalogue: CSV, TSV or JSON Lines (.gz if compressed), with "
        "our columns (gtin, name, brand_name) or those of Open Food Facts (code, product_name, brands).",
        "FILE",
    )
    seed_data: Path | None = option(  # noqa: RUF009 -- it returns a field
        None, "Begin with the organizations, sessions and freshness of this YAML or JSON file.", "FILE"
    )
    tell_reload: Callable[[str], None] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, host: str, port: int, s3_port: int, **arguments: Any) -> Self:
        """Return the options among arguments; all others are settings."""
        names = {declared.name for declared in fields(cls)}
        settings = {name: arguments.pop(name) for name in arguments.keys() - names}
        return cls(host, port, s3_port, settings=settings, **arguments)
