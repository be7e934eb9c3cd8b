"""Cleanses the traits of one record by what the workspace says of them."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from features.cleansing.address import cleansed_address
from features.cleansing.country import country_beside
from features.cleansing.currency import AMOUNT_RULE, currency_code
from features.cleansing.kind import TEXTS, Kind, standard_kind
from features.cleansing.plain_text import says_nothing
from features.cleansing.verdict import Circumstances, Cleansed
from features.section import Section

MAX_LENGTH = 512
"""Characters of a text that is read; nobody's name or address is longer."""


class Cleansing(Section):
    """`[cleansing]`: what values mean that do not say so themselves.

    Parameters: `default_country`, two letters, of national telephone numbers, postal codes and ways to write an amount;
    `date_order`, of days such as 3/4/1980; `kinds`, traits of the workspace's own, or standard ones it means otherwise.
    """

    default_country: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    date_order: Literal["DMY", "MDY", ""] = ""
    kinds: dict[str, Kind] = Field(default_factory=dict)

    def kind_of(self, field: str) -> Kind:
        """What a trait holds.

        >>> Cleansing(kinds={"mobile_2": "phone"}).kind_of("mobile_2"), Cleansing().kind_of("birthday")
        ('phone', 'date')
        """
        return self.kinds.get(field) or standard_kind(field)

    def clean(self, field: str, value: Any, beside: Mapping[str, Any]) -> Cleansed:
        """One trait; `beside` are all traits of its record, whose country and currency may say how to read it.

        >>> Cleansing().clean("phone", "600 11 22 33", {"country": "Spain"}).value
        '+34600112233'
        """
        kind = self.kind_of(field)
        if kind == "none" or value is None:
            return Cleansed(value)
        given = self._circumstances(beside)
        if kind == "address" and isinstance(value, Mapping):
            return cleansed_address(value, given)
        if isinstance(value, bool | list | Mapping):
            return Cleansed(value, note="" if kind == "text" else f"no {kind}")
        if kind == "amount" and not isinstance(value, str):
            return Cleansed({"amount": str(value), "currency": given.currency or None}, AMOUNT_RULE)
        return _read("text" if kind == "address" else kind, value, given)

    def _circumstances(self, beside: Mapping[str, Any]) -> Circumstances:
        currency = beside.get("currency")
        return Circumstances(
            country_beside(beside, self.default_country),
            self.date_order,
            currency_code(currency, self.default_country) if isinstance(currency, str) else "",
        )


def _read(kind: Kind, value: str | float, given: Circumstances) -> Cleansed:
    text = str(value)
    if len(text) > MAX_LENGTH:
        return Cleansed(value, note=f"longer than {MAX_LENGTH} characters")
    if says_nothing(text):
        return Cleansed(value, note="stands for nothing")
    verdict = TEXTS[kind](text, given)
    return verdict if verdict.usable else verdict._replace(value=value)
