"""The format of `tests` in `catalog.yaml`."""

from typing import Annotated

from pydantic import Field

from decisioning.catalog_field import Name, Share, Text
from decisioning.variant import VariantTest


class VariantTestText(Text):
    """`tests.<name>`."""

    shares: Annotated[dict[Name, Share], Field(min_length=2, max_length=20)]
    action: str = ""
    salt: str = ""

    def build(self, name: str) -> VariantTest:
        """The test of this name."""
        return VariantTest(name, dict(sorted(self.shares.items())), self.action, self.salt)
