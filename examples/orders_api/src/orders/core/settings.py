"""Settings: conf/defaults.toml, then conf/local.toml (not committed), then the environment."""

from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, Literal

from pydantic import BaseModel, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from .errors import EnvironmentFailure, UsageError
from .public_file import PublicFile

FILES = ("conf/local.toml", "conf/defaults.toml")


class PipelineSettings(BaseModel, extra="forbid"):
    """What differs between machines for one pipeline."""

    path: str = ""  # of files
    url: str = ""  # of an API
    token: SecretStr = SecretStr("")
    header: str = "Authorization"  # of an API, for the token
    refetch: bool = False  # ask again for what was captured


class Settings(BaseSettings, env_prefix="PIPELINE_", env_nested_delimiter="__", extra="forbid"):
    """Environment variables are PIPELINE_WAREHOUSE, PIPELINE_PIPELINES__<NAME>__<SETTING> and so on."""

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
        files = (PublicFile(settings_cls, name) for name in FILES)
        return env_settings, *files


def load() -> Settings:
    """Read and check the settings of the project in the current folder."""
    try:
        found = Settings()  # type: ignore[call-arg]  # the values come from the files
    except ValidationError as error:
        why = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"settings (conf/, environment): {why}. Run in the project.") from None
    except TOMLDecodeError as error:
        raise UsageError(f"a file of settings in conf/ is no TOML: {error}") from None
    except OSError as error:
        raise EnvironmentFailure(f"cannot read the settings: {error}") from None
    if ":/" in found.warehouse.as_posix()[2:]:  # of an address, but no C:/...
        why = "warehouse is a place in a file system: no address can be locked"
        raise UsageError(f"settings (conf/, environment): {why}.")
    return found
