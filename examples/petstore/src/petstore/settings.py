"""What differs from one deployment to another."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

FOR_DEVELOPMENT = "for-development-only"
"""A secret that everybody knows: it is refused where the service listens beyond loopback."""


class Settings(BaseSettings):
    """Settings: variables of the environment, or of a file `.env`."""

    model_config = SettingsConfigDict(env_prefix="PETSTORE_", env_file=".env", extra="ignore")

    cors_origins: list[str] = Field(
        default=[],
        description="Origins whose pages may call, as JSON; `*` for any.",
    )
    secret: SecretStr = Field(
        default=SecretStr(FOR_DEVELOPMENT),
        min_length=16,
        description="The credential of every caller.",
    )
