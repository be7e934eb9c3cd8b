"""A table of made-up people, with errors in some of their records."""

from collections.abc import Sequence

import numpy as np

from features.matching.kind import kinds_of
from features.matching.people import People, people_of

GIVEN = ("ana", "bruno", "carla", "dario", "elena", "fabio", "greta", "hugo", "irene", "jonas", "katja", "luis")
SURNAMES = ("moreno", "garcia", "keller", "santos", "ibarra", "novak", "weber", "costa", "dumont", "petrov", "olsen")
COLUMNS = ("first_name", "surname", "dob", "city", "email")
CITIES = ("madrid", "porto", "berlin", "lyon", "turin", "gent")


def some_people(n_persons: int = 60, seed: int = 1) -> tuple[People, list[int]]:
    """Four records of each person, most with an error or a gap; and whose each is."""
    rows = some_rows(n_persons, seed)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)}
    return people_of(list(map(str, range(len(rows)))), columns, kinds_of(COLUMNS, {})), [
        row // 4 for row in range(len(rows))
    ]


def some_rows(n_persons: int = 60, seed: int = 1) -> list[Sequence[str]]:
    """The rows of `some_people`, as a table would have them."""
    chance = np.random.default_rng(seed)
    return [row for person in range(n_persons) for row in _records(chance, person)]


def _records(chance: np.random.Generator, person: int) -> list[Sequence[str]]:
    given, surname = chance.choice(GIVEN), chance.choice(SURNAMES)
    day = f"{chance.integers(1940, 2006)}-{chance.integers(1, 13):02}-{chance.integers(1, 29):02}"
    true = (given, surname, day, chance.choice(CITIES), f"{given}.{surname}{person}@mail{person % 7}.example")
    return [true, *(_damaged(chance, true) for _ in range(3))]


def _damaged(chance: np.random.Generator, true: Sequence[str]) -> Sequence[str]:
    row = list(true)
    place = chance.integers(5)
    row[place] = "" if chance.random() < 0.5 else _mistyped(chance, row[place])
    return row


def _mistyped(chance: np.random.Generator, text: str) -> str:
    at = chance.integers(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
