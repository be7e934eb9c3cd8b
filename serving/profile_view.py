"""The profile of one customer, as the service answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from decisioning.customer import CustomerReference
from decisioning.ports import ProfileReader
from features.profile_document import ProfileDocuments, Shown


@dataclass(frozen=True, slots=True)
class ProfileView:
    """Renders profiles. Parameters: `profiles` gives the reader that decisions use now."""

    documents: ProfileDocuments
    profiles: Callable[[], ProfileReader]

    def render(
        self, reference: CustomerReference, *, now: datetime, as_of: datetime | None = None, shown: Shown | None = None
    ) -> bytes:
        """Give the profile as JSON, of now or as of a moment.

        Raises `NotFoundError` where nothing is recorded of this reference, `InvalidInputError` of a moment to come.
        """
        if as_of is None:
            return orjson.dumps(self.documents.now(reference, self.profiles(), now, shown=shown))
        return orjson.dumps(self.documents.past(reference, as_of, now, shown=shown))
