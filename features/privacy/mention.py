"""Raw bodies that name a customer: what was refused, or waits, belongs to nobody, so it is searched word by word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from features.identifier import Identifier
from features.privacy.escapes import readings

_WORD = re.compile(r"[^\s\"',;:{}\[\]()<>|\\]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{5,}[0-9]")
_DIGITS = re.compile(r"[^0-9]")
_LEAST_DIGITS = 7
_NAMED = re.compile(r"""id["']?\s*[:=]\s*["']?([^\s"',;}]+)""")
_SHORT = 4
"""Words shorter than this name somebody only where an id is expected: `7` is in every second body."""


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that names some customers.

    Parameters: `texts`, identifiers and ids as they stand in a body, in lower case; `words`, those of one word and not
    short; `phrases`, those of several; `phones`, digits only.
    """

    texts: frozenset[str]
    words: frozenset[str]
    phrases: frozenset[str]
    phones: frozenset[str]

    @classmethod
    def of(cls, identifiers: Iterable[Identifier], ids: Iterable[str]) -> "Names":
        """The names that identifiers and ids of records, decisions or customers make."""
        given = list(identifiers)
        texts = frozenset(text.lower() for text in (*(value for _, value in given), *ids))
        phones = frozenset(_DIGITS.sub("", value) for kind, value in given if kind == "phone")
        words = frozenset(text for text in texts if _WORD.fullmatch(text))
        return cls(texts, frozenset(word for word in words if len(word) >= _SHORT), texts - words, phones)

    def mentioned(self, raw: bytes) -> bool:
        """Whether a raw body, of whatever form, names one of them.

        >>> names = Names.of([("user_id", "u 7"), ("email", "ana@example.org"), ("phone", "+34600112233")], ["m-1"])
        >>> [names.mentioned(raw) for raw in (b'{"userId": "u 7"}', b"x,ANA@example.org,", b"600 11 22 33", b"m-11")]
        [True, True, True, False]
        """
        return any(self._are_in(text.lower()) for text in readings(raw.decode(errors="replace")))

    def _are_in(self, text: str) -> bool:
        if not (self.words.isdisjoint(_WORD.findall(text)) and self.texts.isdisjoint(_NAMED.findall(text))):
            return True
        if any(phrase in text for phrase in self.phrases):
            return True
        return bool(self.phones) and any(self._is_phone(found) for found in _PHONE.findall(text))

    def _is_phone(self, text: str) -> bool:
        digits = _DIGITS.sub("", text).lstrip("0")
        return len(digits) >= _LEAST_DIGITS and any(phone.endswith(digits) for phone in self.phones)


def scrubbed(value: Any, names: Names) -> Any:
    """A JSON value without what names them: elements of lists go alone; None where nothing can be left.

    >>> names = Names.of([("user_id", "u-7")], ["c_1"])
    >>> scrubbed({"customer_id": "c_2", "former": [["c_1", "user_id", "u-7"], ["c_3", "user_id", "u-8"]]}, names)
    {'customer_id': 'c_2', 'former': [['c_3', 'user_id', 'u-8']]}
    >>> scrubbed({"pair": {"one": "u-7", "other": "u-8"}}, names) is None
    True
    """
    if isinstance(value, str):
        return None if value.lower() in names.texts else value
    if isinstance(value, dict):
        kept = {key: scrubbed(inner, names) for key, inner in value.items()}
        return None if any(inner is None and value[key] is not None for key, inner in kept.items()) else kept
    if isinstance(value, list):
        if any(isinstance(inner, str) and inner.lower() in names.texts for inner in value):
            return None
        return [kept for inner in value if (kept := scrubbed(inner, names)) is not None or inner is None]
    return value


def scrubbed_body(body: bytes, names: Names) -> bytes | None:
    """As `scrubbed`, of a body of JSON; the same object where nothing names them."""
    value = orjson.loads(body)
    kept = scrubbed(value, names)
    if kept is None:
        return None
    return body if kept == value else orjson.dumps(kept)
