"""E-mail addresses, by their grammar (email-validator); nobody is asked whether they exist.

The library is imported when the first address is read: a command that reads none should not wait for it.
"""

from functools import lru_cache

from features.cleansing.verdict import Circumstances, Cleansed, changed

RULE = "email: normal form, lower case"


def cleansed_email(text: str, _: Circumstances) -> Cleansed:
    """The address in its normal form.

    >>> cleansed_email(" Ana@Example.org ", Circumstances())
    Cleansed(value='ana@example.org', rule='email: normal form, lower case', note='')
    """
    address = normal_address(text)
    return changed(text, address, RULE) if address else Cleansed(text, note="no e-mail address")


@lru_cache(maxsize=65_536)
def normal_address(text: str) -> str:
    """The address in lower case and Unicode's normal form; "" where it is none.

    >>> normal_address("not an address"), normal_address("ana@ÑANDÚ.es")
    ('', 'ana@ñandú.es')
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return ""
