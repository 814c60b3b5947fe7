"""The options of the Scanner's mock, each declared once, beside those of all mocks of APIs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

from contract_first.mock.options import HOST, HOST_FLAG, ApiOptions, base_url, port_flag
from contract_first.signatures import Flag, declared, fields_of
from strict_s3.messages.identifiers import ACCOUNT
from strict_s3.options import Options


def s3_flag(name: str, flag_name: str) -> Flag:
    """Return the flag of an option of S3, which is passed on, by another name."""
    field = declared(Options)[name]
    return field.flag._replace(help=field.help, names=(flag_name,))  # type: ignore[no-any-return]  # a NamedTuple of its own


@dataclass(frozen=True, slots=True)
class ScannerMockOptions(ApiOptions):
    """The options of the mock of the Scanner API.

    Attributes:
        host: address to listen on; beyond loopback others can use the mock.
        port: port of the API; 0 takes a free one.
        s3_port: port of S3; 0 takes a free one.
        overlays: OpenAPI Overlay documents, applied to the contract in this order.
        s3_credentials: additional credential that S3 accepts. Append :SESSION_TOKEN or
            :SESSION_TOKEN:EXPIRES for a temporary one, which expires by the mock's clock. In Python
            ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key.
        s3_public_url: URL by which all clients reach S3.
        processing_delay: seconds that a capture stays in each state of its processing.
        products: add the products of this file to the catalogue: CSV, TSV or JSON Lines (.gz if compressed),
            with our columns (gtin, name, brand_name) or those of Open Food Facts (code, product_name,
            brands).
        seed_data: begin with the organizations, sessions and freshness of this YAML or JSON file.
        tell_reload: called after each reload of the contract; None to not watch its file.
        settings: settings of the service that differ from the mock's own.
    """

    host: Annotated[str, HOST_FLAG] = HOST
    port: Annotated[int, port_flag(8000)] = 0
    s3_port: Annotated[int, port_flag(9000)] = 0
    _: KW_ONLY
    overlays: Sequence[Path] = ()
    s3_credentials: Annotated[
        Mapping[str, str], s3_flag("credentials", "--s3-credential")._replace(default="none")
    ] = field(default_factory=dict)
    s3_public_url: Annotated[
        str | None, Flag("URL", base_url, "its port at the host that a request came to")
    ] = None
    s3_domains: Annotated[Sequence[str], s3_flag("domains", "--s3-domain")] = ()
    s3_account: Annotated[str | None, s3_flag("account", "--s3-account")._replace(default=ACCOUNT)] = None
    processing_delay: Annotated[float, Flag("SECONDS", minimum=0, maximum=3600)] = 0.0
    products: Annotated[Path | None, Flag("FILE")] = None
    seed_data: Annotated[Path | None, Flag("FILE")] = None
    tell_reload: Callable[[str], None] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, host: str, port: int, s3_port: int, **arguments: Any) -> Self:
        """Return the options among arguments; all others are settings."""
        settings = {
            name: arguments.pop(name) for name in arguments.keys() - fields_of(ScannerMockOptions).keys()
        }
        return cls(host, port, s3_port, settings=settings, **arguments)
