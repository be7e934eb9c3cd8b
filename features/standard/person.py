"""Who a customer is: what `identify` told, whatever the business."""

from features.feature import Feature
from features.primitives_age import Age
from features.primitives_count import Count
from features.primitives_distinct import Distinct
from features.primitives_time import LastAt
from features.primitives_value import LastValue
from features.segment import GROUP_ID
from features.selector import Probe, Selector
from features.standard.probes import TRAITS
from features.standard.stating import SERVICE, Shelf
from features.vocabulary import COUNTRIES, GENDERS, LANGUAGES

_WHO, _REACH = Shelf("person", "customer data"), Shelf("person", "customer data", SERVICE)


GROUPS_JOINED = Distinct(Probe(Selector(("group",)), reads=GROUP_ID, required=True, via="bucket"))


def _trait(name: str, via: str) -> Probe:
    return Probe(TRAITS, reads=name, via=via)


PERSON: tuple[Feature, ...] = (
    *_WHO.one(
        "age_years", Age(_trait("birthday", "day")), "whole years since the birthday, on the day of the decision"
    ),
    *_WHO.category("gender_told", LastValue(_trait("gender", "gender")), "the gender they told", one_of=GENDERS),
    *_REACH.category("country", LastValue(_trait("", "country")), "the country of their address", one_of=COUNTRIES),
    *_REACH.category("language", LastValue(_trait("", "language")), "the language they read", one_of=LANGUAGES),
    *_REACH.one("email_told", LastValue(_trait("email", "present")), "1 where an e-mail address is known"),
    *_REACH.one("phone_told", LastValue(_trait("phone", "present")), "1 where a telephone number is known"),
    *_WHO.one("groups_joined", GROUPS_JOINED, "about how many groups (households, accounts) they were told to be of"),
    *_WHO.one("profile_updates", Count(Probe(TRAITS)), "how often the profile was told"),
    *_WHO.one("days_since_profile_update", LastAt(Probe(TRAITS)), "days since the profile was told last"),
)
