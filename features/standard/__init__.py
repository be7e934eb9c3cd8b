"""The features that every workspace has: from standard event names and from our own outcomes."""

from features.feature import Feature
from features.standard.behaviour import BEHAVIOUR, VISIT
from features.standard.commerce import COMMERCE
from features.standard.engagement import ENGAGEMENT
from features.standard.person import PERSON
from features.standard.response import RESPONSE
from features.standard.service import SERVICE, VOICE

STANDARD_FEATURES: tuple[Feature, ...] = (
    *PERSON,
    *BEHAVIOUR,
    *VISIT,
    *COMMERCE,
    *ENGAGEMENT,
    *SERVICE,
    *VOICE,
    *RESPONSE,
)
