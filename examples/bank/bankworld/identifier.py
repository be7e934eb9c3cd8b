"""By what a person is known: user ids (some have two), devices, and contact details as people really type them."""

from dataclasses import dataclass

import numpy as np

from bankworld.chance import stream
from bankworld.people import Flags, Floats, Ints, People
from bankworld.timeline import DAYS

_FIRST_NAMES = (
    "Ada Alma Anton Bela Bruno Carla Clara David Dora Edda Elias Emil Erik Fara Felix Greta Hanna Hugo Ida Ilse "
    "Iris Jakob Jana Jonas Karl Lea Lena Leo Lina Luis Mara Maja Max Mila Nora Olga Oskar Paul Pia Rosa Ruben "
    "Sara Theo Tom Vera Yara"
)
FIRST_NAMES = tuple(_FIRST_NAMES.split())
_LAST_NAMES = (
    "Abel Albers Anders Bauer Berger Blum Brandt Busch Carls Damm Dietz Ebert Engel Falk Fink Frank Fuchs Gerber "
    "Graf Haas Hahn Hartmann Heinz Horn Jansen Jung Kaiser Keller Klein Koch Kraft Kuhn Lang Lorenz Maier Moser "
    "Naumann Otto Peters Pohl Reuter Richter Roth Sauer Schulz Seidel Simon Sommer Stark Thiel Vogel Voss Wagner "
    "Weiss Winter Wolf Ziegler Zorn"
)
LAST_NAMES = tuple(_LAST_NAMES.split())
MAIL_HOSTS = ("example.com", "example.net", "example.org")
LINK_STYLES = ("identify", "alias")


@dataclass(frozen=True, slots=True)
class Devices:
    """Browsers and phones, sorted by person; each is anonymous until it is linked, if ever.

    Parameters: `person`; `first` (n_customers,), the index of each person's first device; `since`, its first day;
    `linked`, the day of its first login (inf: never); `style` indexes `LINK_STYLES`.
    """

    person: Ints
    first: Ints
    since: Floats
    linked: Floats
    style: Ints

    def count(self) -> Ints:
        """How many devices each person has, (n_customers,)."""
        return np.diff(np.append(self.first, len(self.person)))


def draw_devices(people: People, seed: int) -> Devices:
    """One to three devices each; the first is linked when the account opens, or at the first login of the year."""
    rng = stream(seed, "devices")
    count = 1 + rng.binomial(2, 0.35, len(people))
    person = np.repeat(np.arange(len(people)), count)
    first = np.cumsum(count) - count
    is_first = np.zeros(len(person), dtype=bool)
    is_first[first] = True
    since = np.where(is_first, people.seen_from[person], rng.uniform(0, DAYS, len(person)))
    since = np.maximum(since, people.seen_from[person])
    login = np.maximum(since, np.maximum(people.opened[person], 0)) + rng.exponential(np.where(is_first, 4.0, 8.0))
    never = rng.random(len(person)) < np.where(is_first, 0.02, 0.10)
    at_opening = is_first & (people.opened[person] > 0)
    linked = np.select([at_opening, never], [people.opened[person] + 0.01, np.inf], login)
    linked = np.where(linked < people.closed[person], linked, np.inf)
    return Devices(person, first, since, linked, (rng.random(len(person)) < 0.15).astype(np.int64))


@dataclass(frozen=True, slots=True)
class SecondIds:
    """When each got a second user id: `since` (n_customers,) in days, inf for most; `by_phone`, what links it."""

    since: Floats
    by_phone: Flags


def draw_second_ids(people: People, seed: int) -> SecondIds:
    """About 3 % open a second online account that shares a verified e-mail, or else the phone, with the first."""
    rng = stream(seed, "second ids")
    n = len(people)
    begin = np.maximum(people.opened, 0)
    since = np.where(rng.random(n) < 0.03, begin + rng.uniform(5, DAYS, n), np.inf)
    return SecondIds(np.where(since < people.closed, since, np.inf), rng.random(n) < 0.5)


def user_id(person: int, second: int) -> str:
    """The person's user id; `second` is 1 for the second one.

    >>> user_id(12, 0), user_id(12, 1)
    ('u-000012', 'u-900012')
    """
    return f"u-{person + 900_000 * second:06d}"


def anonymous_id(device: int) -> str:
    """The id a device gives itself: scrambled, so that neighbours look nothing alike."""
    return f"a-{(device * 2654435761 + 40503) % 2**32:08x}{device % 256:02x}"


def first_name(person: int) -> str:
    """The person's first name."""
    return FIRST_NAMES[person * 7 % len(FIRST_NAMES)]


def last_name(person: int) -> str:
    """The person's last name."""
    return LAST_NAMES[person * 11 // 3 % len(LAST_NAMES)]


def email(person: int) -> str:
    """The person's real e-mail address, on a host reserved for examples."""
    host = MAIL_HOSTS[person % len(MAIL_HOSTS)]
    return f"{first_name(person)}.{last_name(person)}{person}@{host}".lower()


def misspelt(word: str, where: int) -> str:
    """The word with two neighbouring letters swapped, or doubled where they are equal.

    >>> misspelt("keller", 1), misspelt("keller", 2)
    ('kleler', 'kelller')
    """
    at = where % max(len(word) - 1, 1)
    left, right = word[at], word[at + 1]
    return word[:at] + (left + left + right if left == right else right + left) + word[at + 2 :]


def phone(person: int, style: int) -> str:
    """The person's mobile number, written in one of four ways; the numbers are unique.

    >>> phone(1, 0), phone(1, 1)
    ('+49 151 00007932', '0049 151/00007932')
    """
    number = f"{(person * 7919 + 13) % 99_999_989:08d}"
    return (f"+49 151 {number}", f"0049 151/{number}", f"+49-151-{number[:4]}-{number[4:]}", f"0151 {number}")[
        style % 4
    ]
