"""Files of settings are copied and committed: where servers are, and who connects, is in none."""

from typing import Any

from pydantic_settings import TomlConfigSettingsSource

from .errors import UsageError

SECRETS = ("postgres",)


class PublicFile(TomlConfigSettingsSource):
    """A file that everybody may read."""

    def __call__(self) -> dict[str, Any]:
        """What stands in it; raise if that has a place that is to be told by the environment."""
        found = super().__call__()
        for name in {*SECRETS} & {*found}:
            raise UsageError(
                f"{self.toml_file_path} says where {name} is, which has to come by the environment alone"
            )
        return found
