"""Identifiers: the kinds by which a customer is named, and the form in which their values are compared."""

import re

from decisioning.customer import CustomerReference
from features.cleansing.email import normal_address
from features.cleansing.phone import international

Identifier = tuple[str, str]
"""(kind, value); kind is one of `IDENTIFIER_KINDS`."""
IDENTIFIER_KINDS = ("user_id", "anonymous_id", "loyalty_id", "phone", "email", "customer_id")
"""Strongest first: a record belongs to the first identifier that it names."""
MAX_LENGTH = 256
_PLAIN_LENGTH = 60
_PLAIN_EMAIL = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@[a-z0-9]+(?:[.-][a-z0-9]+)*\.(?:com|org|net|de|es|fr|it|uk)")
"""The addresses that nearly everybody has: what the full reading says of them is known without it."""


def normal_email(text: str) -> str:
    """The e-mail address as it is compared, which is how cleansing reads it; "" where it is none.

    >>> normal_email(" Ana@Example.org ")
    'ana@example.org'
    >>> normal_email("not an address")
    ''
    """
    plain = text.strip().lower()
    return plain if len(plain) <= _PLAIN_LENGTH and _PLAIN_EMAIL.fullmatch(plain) else normal_address(text)


def normal_phone(text: str, country: str = "") -> str:
    """The phone number as it is compared, which is how cleansing reads it; "" where it is none.

    Parameters: `country`, two letters, of a national number; without it, such a one is nobody's.

    >>> normal_phone("00 34 600-11-22-33"), normal_phone("600 11 22 33", "ES")
    ('+34600112233', '+34600112233')
    >>> normal_phone("n/a"), normal_phone("600 11 22 33")
    ('', '')
    """
    return international(text, country) if any(map(str.isdecimal, text)) else ""


def by_country(reference: CustomerReference, country: str) -> CustomerReference:
    """The reference, a national phone number as an international one of the workspace's country.

    >>> by_country(CustomerReference("phone", "600 11 22 33"), "ES").value
    '+34600112233'
    """
    number = normal_phone(reference.value, country) if reference.kind == "phone" else ""
    return CustomerReference("phone", number) if number else reference


def identifier_of(reference: CustomerReference) -> Identifier:
    """The identifier that a caller's reference names, in the form in which it is compared.

    >>> identifier_of(CustomerReference("email", "Ana@Example.org"))
    ('email', 'ana@example.org')
    """
    normal = {"email": normal_email, "phone": normal_phone}.get(reference.kind, str)
    return reference.kind, normal(reference.value) or reference.value
