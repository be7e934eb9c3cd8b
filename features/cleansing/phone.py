"""Telephone numbers, by the plans of all countries (phonenumbers, Google's libphonenumber).

The library is imported when the first number is read: a command that reads none should not wait for it.
"""

from functools import lru_cache

from features.cleansing.verdict import Circumstances, Cleansed, changed

RULE = "phone: E.164"


def cleansed_phone(text: str, given: Circumstances) -> Cleansed:
    """The number in E.164; a national one needs a country.

    >>> cleansed_phone("600 11 22 33", Circumstances("ES"))
    Cleansed(value='+34600112233', rule='phone: E.164', note='')
    >>> cleansed_phone("600 11 22 33", Circumstances()).note
    'no international number, and no country to read it by'
    """
    number = international(text, given.country)
    if number:
        return changed(text, number, RULE)
    national = not given.country and sum(map(str.isdecimal, text)) > 0
    return Cleansed(
        text, note="no international number, and no country to read it by" if national else "no telephone number"
    )


@lru_cache(maxsize=65_536)
def international(text: str, country: str = "") -> str:
    """The number in E.164; "" where it is none. Possible numbers count: new ranges are not in an older table.

    >>> international("0034 600-11-22-33", "ES"), international("n/a", "ES")
    ('+34600112233', '')
    """
    import phonenumbers
    from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

    written = text.strip()
    lead = "+" + written[2:] if written.startswith("00") else written
    try:
        number = phonenumbers.parse(lead, country or None)
    except NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def country_of(number: str) -> str:
    """The country of a number in E.164; "" where it cannot be told.

    >>> country_of("+34600112233"), country_of("n/a")
    ('ES', '')
    """
    import phonenumbers
    from phonenumbers import NumberParseException

    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except NumberParseException:
        return ""
