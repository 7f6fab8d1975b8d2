"""What this distribution is called, and where it comes from: the one place for both.

The build reads this file for the package's metadata, so it imports nothing of the package.
"""

from typing import Final

DISTRIBUTION: Final = "pipeline-scaffold"
VERSION: Final = "0.1.0"

# Answers files record this URL, and team mates' plain `copier update` goes to it. Whoever publishes
# under another name changes it here before the first release, never after it.
CANONICAL_URL: Final = "https://github.com/pipeline-scaffold/pipeline-scaffold.git"

TAG: Final = f"v{VERSION}"
