"""Files of settings are copied and committed: what is secret stands in none."""

from itertools import chain
from typing import Any

from pydantic_settings import TomlConfigSettingsSource

from .errors import UsageError

SECRETS = {
    "postgres": "where postgres is",
}


class PublicFile(TomlConfigSettingsSource):
    """A file that everybody may read."""

    def __call__(self) -> dict[str, Any]:
        """What stands in it; raise if that has what the environment alone may say."""
        found = super().__call__()
        for name in chain(found, *found.get("pipelines", {}).values()):
            if name in SECRETS:
                raise UsageError(
                    f"{self.toml_file_path} says {SECRETS[name]}, which has to come by the environment alone"
                )
        return found
