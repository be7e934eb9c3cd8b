"""Identifiers: the kinds by which a customer is named, and the form in which their values are compared."""

from decisioning.customer import CustomerReference

Identifier = tuple[str, str]
"""(kind, value); kind is one of `IDENTIFIER_KINDS`."""
IDENTIFIER_KINDS = ("user_id", "anonymous_id", "loyalty_id", "phone", "email", "customer_id")
"""Strongest first: a record belongs to the first identifier that it names."""
MAX_LENGTH = 256
_MIN_DIGITS = 7


def normal_email(text: str) -> str:
    """The e-mail address as it is compared; "" where it cannot be one.

    >>> normal_email(" Ana@Example.org ")
    'ana@example.org'
    >>> normal_email("not an address")
    ''
    """
    address = text.strip().lower()
    name, at, host = address.partition("@")
    return address if at and name and host and len(address) <= MAX_LENGTH else ""


def normal_phone(text: str) -> str:
    """The phone number as it is compared: digits, with + for an international one; "" where it cannot be one.

    >>> normal_phone("00 34 600-11-22-33")
    '+34600112233'
    >>> normal_phone("n/a")
    ''
    """
    digits = "".join(filter(str.isdecimal, text))
    if not _MIN_DIGITS <= len(digits) <= MAX_LENGTH:
        return ""
    lead = text.strip()
    if lead.startswith("00"):
        return "+" + digits[2:]
    return "+" + digits if lead.startswith("+") else digits


def identifier_of(reference: CustomerReference) -> Identifier:
    """The identifier that a caller's reference names, in the form in which it is compared.

    >>> identifier_of(CustomerReference("email", "Ana@Example.org"))
    ('email', 'ana@example.org')
    """
    normal = {"email": normal_email, "phone": normal_phone}.get(reference.kind, str)
    return reference.kind, normal(reference.value) or reference.value
