"""What `TSUGI_API_KEYS` says of each key: what it opens, and how often."""

import re
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from decisioning.errors import InvalidInputError
from serving.client.signing import PREFIX, secret_in

Right = Literal["decide", "write", "read", "admin"]
"""Decide, report outcomes, record consents and holds; send events; read what is known; erase, export, retrain."""
RIGHTS: tuple[str, ...] = get_args(Right)
EVERY = frozenset(cast("tuple[Right, ...]", RIGHTS))
_SCOPED = re.compile(r"(?P<rights>[^:@]*)(?:@(?P<often>[^:]*))?:(?P<key>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key.

    Parameters: `text`, the secret; `rights` that it has; `per_second`, requests it may make (None: any number).
    """

    text: str = field(repr=False)
    rights: frozenset[Right] = EVERY
    per_second: float | None = None

    @property
    def signs(self) -> bool:
        """Whether it is a secret that requests are signed with, and never sent."""
        return self.text.startswith(PREFIX)


def keys_in(listed: str) -> tuple[ApiKey, ...]:
    """The keys of a list with commas: `KEY` may do everything, `RIGHT+RIGHT@N:KEY` these, N times a second.

    One that begins with `whsec_` is not sent: requests are signed with it (`serving.client.signing`).

    Raises `InvalidInputError` that names what is allowed, and never repeats a key.

    >>> [(sorted(key.rights), key.per_second) for key in keys_in("decide+read@50:k1, write:w1")]
    [(['decide', 'read'], 50.0), (['write'], None)]
    """
    keys = {place: _key(text.strip(), place) for place, text in enumerate(listed.split(","), 1) if text.strip()}
    first = {key.text: place for place, key in reversed(keys.items())}
    for place, key in keys.items():
        if first[key.text] != place:
            raise _refused(place, f"its key is that of entry {first[key.text]}; one entry has all rights, joined by +")
    return tuple(keys.values())


def _key(text: str, place: int) -> ApiKey:
    scoped = _SCOPED.fullmatch(text)
    if scoped is None:
        return _checked(ApiKey(text), place)
    rights = scoped["rights"].split("+") if scoped["rights"] else list(RIGHTS)
    if not scoped["key"] or not set(rights) <= EVERY:
        raise _refused(place, f"what stands before the colon is one or more of {', '.join(RIGHTS)}, joined by +")
    key = ApiKey(scoped["key"], frozenset(cast("list[Right]", rights)), _often(scoped["often"], place))
    return _checked(key, place)


def _checked(key: ApiKey, place: int) -> ApiKey:
    if key.signs:
        try:
            secret_in(key.text)
        except ValueError as error:
            raise _refused(place, str(error)) from None
    return key


def _often(said: str | None, place: int) -> float | None:
    if said is None:
        return None
    try:
        often = float(said)
    except ValueError:
        often = 0.0
    if not 0.0 < often <= 1e6:
        raise _refused(place, "what stands after @ is how many requests a second it may make, above 0")
    return often


def _refused(place: int, why: str) -> InvalidInputError:
    return InvalidInputError(f"TSUGI_API_KEYS, entry {place}: {why}", field="TSUGI_API_KEYS")
