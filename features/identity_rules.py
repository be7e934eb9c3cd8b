"""What a business says of identity: which values name nobody, which facts nobody has two of, how large is too large."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from features.cleansing.day import AMBIGUOUS, cleansed_day
from features.cleansing.verdict import Circumstances
from features.identifier import Identifier
from features.matching.section import MatchingSection
from features.section import Section

_MISSING = ("null", "none", "nil", "undefined", "unknown", "n/a", "na", "nan", "true", "false")
_ANYBODY = ("anonymous", "anon", "guest", "visitor", "user", "customer", "test")
_MADE_UP = ("test@test.com", "test@example.com", "a@a.com", "1234567", "12345678", "123456789", "1234567890")
_FIRST_DAYS = ("1900-01-01", "1970-01-01")
MEANINGLESS = frozenset((*_MISSING, *_ANYBODY, *_MADE_UP, *_FIRST_DAYS))
"""Values that many systems write where they know nothing, in lower case."""
_NOBODY = frozenset(
    ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster"),
)
_BIRTH = ("birthday", "date_of_birth")
_MANY = 6
_MOST_CHARACTERS = 4
"""A value of more different characters than one and the usual separators repeats nothing."""


class IdentitySection(Section):
    """`[identity]`: guards against customers that are not one.

    Parameters: `max_cluster_size`, how many identifiers one customer may have; `meaningless`, values that name nobody,
    besides the usual ones; `hard_facts`, what nobody has two of, each by the traits that state it.
    """

    max_cluster_size: int = Field(default=500, ge=2)
    meaningless: tuple[str, ...] = Field(default=(), strict=False)
    hard_facts: dict[str, tuple[str, ...]] = Field(default={"birth": _BIRTH}, strict=False)
    matching: MatchingSection = MatchingSection()


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """Everything on which links depend besides the records.

    Parameters: `trust_email`, take every e-mail address as verified; `max_per_identifier`, how many user ids another
    identifier may name before it links nothing; `meaningless`, in lower case; `facts`, by trait the hard fact that it
    states; `country`, two letters, of national phone numbers whose traits name none.
    """

    trust_email: bool = False
    max_per_identifier: int = 5
    max_cluster_size: int = 500
    meaningless: frozenset[str] = MEANINGLESS
    facts: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(_BIRTH, "birth"))
    country: str = ""

    @classmethod
    def of(
        cls, section: IdentitySection, *, trust_email: bool, max_per_identifier: int, country: str = ""
    ) -> "IdentityRules":
        """What `[identity]`, `[workspace]` and `[cleansing]` say."""
        return cls(
            trust_email,
            max_per_identifier,
            section.max_cluster_size,
            MEANINGLESS | {value.strip().lower() for value in section.meaningless},
            {trait: fact for fact, traits in section.hard_facts.items() for trait in traits},
            country,
        )

    def names_nobody(self, value: str) -> bool:
        """Whether an identifier's value means nothing, so that it must link nothing.

        >>> [IdentityRules().names_nobody(value) for value in ("000-000", "NoReply@shop.example", "+34600112233")]
        [True, True, False]
        """
        lower = value.strip().lower()
        if lower in self.meaningless or ("@" in lower and lower.partition("@")[0] in _NOBODY):
            return True
        return len(set(lower)) <= _MOST_CHARACTERS and _repeats(lower)

    def meaningful(self, identifiers: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
        """The identifiers that mean something; where none does, the first alone, which links nothing."""
        kept = tuple(each for each in identifiers if not self.names_nobody(each[1]))
        return kept or identifiers[:1]

    def hard_facts(self, traits: Mapping[str, Any]) -> dict[str, str]:
        """What traits state of a customer that nobody has two of, in the form in which it is compared.

        >>> IdentityRules().hard_facts({"birthday": "17 May 1980", "city": "Lima"})
        {'birth': '1980-05-17'}
        """
        stated = ((self.facts[trait], traits[trait]) for trait in self.facts.keys() & traits.keys())
        comparable = ((fact, _comparable(value)) for fact, value in sorted(stated, key=_by_fact))
        return {fact: value for fact, value in comparable if value and not self.names_nobody(value)}


def _by_fact(stated: tuple[str, Any]) -> tuple[str, str]:
    return stated[0], str(stated[1])


def _repeats(text: str) -> bool:
    """Whether there is nothing in it but zeros, or one letter or digit six times and more."""
    written = "".join(filter(str.isalnum, text))
    return not written.strip("0") or (len(written) >= _MANY and len(set(written)) == 1)


def _comparable(value: object) -> str:
    """A day in ISO 8601; of anything else letters and digits; "" where it cannot be told which day is meant."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    day = cleansed_day(str(value), Circumstances())
    if day.usable:
        return str(day.value)
    return "" if day.note == AMBIGUOUS else "".join(filter(str.isalnum, str(value).casefold()))
