"""Settings: conf/defaults.toml, then conf/local.toml (not committed), then the environment."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource

from .errors import UsageError

FILES = ("conf/local.toml", "conf/defaults.toml")


class PipelineSettings(BaseModel, extra="forbid"):
    """What differs between machines for one pipeline."""

    path: str = ""  # of files, or of what is kept of an API
    url: str = ""  # of an API
    token: SecretStr = SecretStr("")
    header: str = "Authorization"  # of an API, for the token
    refetch: bool = False  # ask an API again for what was captured
    allow_small: bool = False  # take a snapshot that is suspiciously small
    routing: dict[str, Annotated[int | float | str, Field(union_mode="left_to_right")]] = {}


class Settings(BaseSettings, env_prefix="PIPELINE_", env_nested_delimiter="__", extra="forbid"):
    """Environment variables are PIPELINE_WAREHOUSE, PIPELINE_PIPELINES__<NAME>__PATH and so on."""

    warehouse: Path
    memory_limit: str
    chunk: PositiveInt
    log_format: Literal["text", "json"]
    pipelines: dict[str, PipelineSettings]

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # only these sources
        cls, settings_cls: type[BaseSettings], env_settings: PydanticBaseSettingsSource, **_: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over files."""
        files = [TomlConfigSettingsSource(settings_cls, file) for file in FILES]
        for name, source in zip(FILES, files, strict=True):
            refuse_secrets(name, str(source()))
        return env_settings, *files


def refuse_secrets(file: str, content: str) -> None:
    """Files are copied and committed: a password or a token comes by the environment alone."""
    if re.search(r"'(password|token)'|://[^/@]*:[^/@]*@", content):
        raise UsageError(f"{file} has a secret, which has to come by the environment alone")


def load() -> Settings:
    """Read and check the settings of the project in the current folder."""
    try:
        return Settings()  # type: ignore[call-arg]  # the values come from the files
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"settings (conf/, environment): {found}. Run in the project.") from None
