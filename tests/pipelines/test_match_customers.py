"""Customers are matched by their golden records: merged where it is sure, proposed where a person should look."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipelines.composition import compose
from pipelines.init import write_workspace
from pipelines.match_customers import match_customers

GIVEN = ("ana", "bruno", "carla", "dario", "elena", "fabio", "greta", "hugo", "irene", "jonas", "katja", "luis")
SURNAMES = ("moreno", "garcia", "keller", "santos", "ibarra", "novak", "weber", "costa", "dumont", "petrov", "olsen")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def identify(user: str, traits: dict[str, str]) -> dict[str, object]:
    return {
        "type": "identify",
        "messageId": f"m-{user}",
        "userId": user,
        "timestamp": NOW.isoformat(),
        "traits": traits,
    }


def traits_of(person: int) -> dict[str, str]:
    chance = np.random.default_rng(person)
    day = f"{chance.integers(1940, 2005)}-{chance.integers(1, 13):02}-{chance.integers(1, 29):02}"
    given, surname = GIVEN[chance.integers(12)], SURNAMES[chance.integers(11)]
    return {"firstName": given, "lastName": surname, "birthday": day, "city": f"town {person % 9}"}


@pytest.fixture
def composition(tmp_path):
    write_workspace(tmp_path / "shop")
    settings = tmp_path / "shop" / "tsugi.toml"
    settings.write_text(settings.read_text() + "\n[identity.matching]\nenabled = true\n")
    with compose(tmp_path / "home", tmp_path / "shop", clock=lambda: NOW) as made:
        yield made


def customers(composition) -> int:
    with composition.ledger.read() as connection:
        return connection.execute("SELECT count(DISTINCT customer_id) FROM identifier").fetchone()[0]


def test_customers_of_equal_traits_become_one_and_later_ones_join_them(composition) -> None:
    twice = [identify(f"u-{person}-{copy}", traits_of(person)) for person in range(60) for copy in range(2)]
    composition.send(twice, [])
    assert customers(composition) == 120
    first = match_customers(composition)
    assert first.compared == 120
    assert customers(composition) == 120 - first.merged <= 65

    before = customers(composition)
    composition.send([identify("u-late", traits_of(7)), identify("u-new", traits_of(777))], [])
    later = match_customers(composition)
    assert later.compared == 2
    assert later.merged == 1
    assert customers(composition) == before + 1
    assert match_customers(composition).compared == 0
