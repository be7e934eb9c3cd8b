"""The evidence of what was shown and what was not, as a plain reading of a log with every kind of decision has it."""

from dataclasses import replace

import numpy as np
import pytest
from response_world import a_log

from training.dataset import split_at
from training.encoding import ActionEntry, ActionTable, FeatureColumn, FeatureEncoder, Layout
from training.exposure import evidence_by_time

ENTRIES = (
    ActionEntry("card", "banner", "grow", "cards", "web", 1.0, 0.0, True, 0.05, 100.0),
    ActionEntry("card", "letter", "grow", "cards", "email", 2.0, 0.0, True, 0.06, 100.0),
    ActionEntry("dog", "tile", "grow", "loans", "web", 3.0, 0.0, False, 0.07, 100.0),
    ActionEntry("cat", "tile", "grow", "loans", "web", 4.0, 0.0, True, 0.08, 100.0),
)
LAYOUT = Layout(FeatureEncoder((FeatureColumn("row"),)), ActionTable(ENTRIES))
ACTIONS = ("card", "cat", "dog", "former", "no_action")
N = 200


@pytest.fixture
def frame():
    """Feature `row` is a decision's place; some actions are not eligible, several listed, some treatments unknown."""
    chance = np.random.default_rng(3)
    probability = chance.dirichlet(np.ones(5), N) * (chance.random((N, 5)) < 0.8)
    chosen, converted = chance.integers(0, 5, N), chance.random((N, 5)) < 0.3
    plain = a_log(
        ACTIONS, chosen=chosen, converted=converted, reward=np.zeros(N), features={"row": np.arange(float(N))}
    )
    return replace(
        plain,
        channel=chance.choice(["web", "email"], N).astype(object),
        treatment=chance.choice(["banner", "letter", "tile", "former"], N).astype(object),
        shown=chance.random(N) < 0.6,
        accepted=chance.random(N) < 0.5,
        eligible_probability=probability,
        listed=(np.arange(5) == chosen[:, None]) | (chance.random((N, 5)) < 0.3),
    )


def shown_rows(frame, rows):
    """Row, entry and label of each decision whose action was shown in a treatment that is known."""
    for row in rows:
        for entry in ENTRIES:
            chosen = frame.actions[frame.chosen[row]]
            if frame.shown[row] and (chosen, frame.treatment[row]) == (entry.action, entry.treatment):
                found = frame.converted[row, frame.chosen[row]] if entry.has_conversion else frame.accepted[row]
                yield row, entry, float(found)


def control_rows(frame, rows):
    """Row, entry and label of each action that was eligible and not listed, whose aim is seen all the same."""
    for row in rows:
        for column, action in enumerate(frame.actions):
            of = [each for each in ENTRIES if (each.action, each.channel) == (action, frame.channel[row])]
            able = frame.eligible_probability[row, column] > 0 and not frame.listed[row, column]
            if of and of[0].has_conversion and able:
                yield row, of[0], float(frame.converted[row, column])


def told(rows):
    """Row, value of the entry (its name here) and label of each."""
    value = LAYOUT.position("value")
    return [(int(m[0]), float(m[value]), float(y)) for m, y in zip(rows.matrix, rows.label, strict=True)]


def named(rows):
    return [(row, entry.value, label) for row, entry, label in rows]


def shares(frame, rows, kept):
    chances = [frame.eligible_probability[row, ACTIONS.index(entry.action)] for row, entry, _ in rows]
    return [chance / (chance + (1 - chance) * kept) if chance else 0.0 for chance in chances]


def parts(frame):
    first, second = evidence_by_time(split_at(frame, [120_000_000, 160_000_000]), LAYOUT, seed=1)
    return [(first, range(120)), (second, range(120, 160))]


def test_the_evidence_is_that_of_a_plain_reading(frame):
    for found, rows in parts(frame):
        shown, control = list(shown_rows(frame, rows)), list(control_rows(frame, rows))
        assert min(len(shown), len(control)) > 5
        assert (told(found.shown), told(found.control)) == (named(shown), named(control))
        assert found.starting.tolist() == [entry.starting_propensity for _, entry, _ in shown]
        assert found.organic.tolist() == [entry.has_conversion for _, entry, _ in shown]
        assert found.customers.tolist() == [frame.customer_id[row] for row, *_ in shown]
        assert found.control_customers.tolist() == [frame.customer_id[row] for row, *_ in control]
        assert found.shown_share == pytest.approx(shares(frame, shown, 1.0))
        assert found.control_share == pytest.approx(shares(frame, control, 1.0))


def test_of_many_that_were_not_shown_an_even_sample_in_order_is_kept_and_shares_say_so(frame, monkeypatch):
    monkeypatch.setattr("training.exposure.CONTROL_ROWS", (1, 20))
    for (found, rows), most in zip(parts(frame), (20, 10), strict=True):
        shown, control = list(shown_rows(frame, rows)), list(control_rows(frame, rows))
        kept = told(found.control)
        assert len(kept) == most < len(control)
        places = [named(control).index(each) for each in kept]
        assert places == sorted(set(places))
        assert told(found.shown) == named(shown)
        assert found.shown_share == pytest.approx(shares(frame, shown, most / len(control)))
        assert found.control_share == pytest.approx(shares(frame, [control[at] for at in places], most / len(control)))
