import dataclasses
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import a_table

from decisioning.errors import ArtifactError
from training.constraints import Constraints
from training.tabular.candidate import CANDIDATES
from training.tabular.choice import Score, Task, simplest
from training.tabular.learn import LeakError, learn, prepare
from training.tabular.search import TABLE_SPACE
from training.tabular.store import read_model, write_model
from training.tabular.table import Roles, TableError
from training.tuning import Search

ROLES = Roles("bought", ids=("id",))
QUICK = Search(trials=2, seed=3, space=TABLE_SPACE)
ROOT = Path(__file__).parents[3]


def learned_from(frame, roles=ROLES, **task):
    prepared = prepare(frame, roles)
    return learn(prepared, Task(prepared.plan.columns, roles.in_time, search=QUICK, n_members=3, **task))


@pytest.fixture(scope="module")
def learned():
    return learned_from(a_table(1200))


def test_it_learns_what_is_there_to_learn(learned):
    frame = a_table(4000, seed=9)
    scores = learned.model.score(frame)
    bought = (frame["bought"] == "yes").to_numpy()
    assert scores.probability[bought].mean() > scores.probability[~bought].mean() + 0.1
    assert abs(scores.probability.mean() - bought.mean()) < 0.05


def test_intervals_hold_their_probability_and_are_wider_where_rows_are_few(learned):
    scores = learned.model.score(a_table(200, seed=5))
    assert (scores.low <= scores.probability).all()
    assert (scores.probability <= scores.high).all()
    few = learned_from(a_table(300)).model.score(a_table(200, seed=5))
    assert np.mean(few.high - few.low) > np.mean(scores.high - scores.low)


def test_the_same_table_and_seed_give_the_same_model(learned, tmp_path):
    again = learned_from(a_table(1200))
    versions = {
        write_model(each.model, tmp_path / str(n), created_at=datetime.now(UTC))
        for n, each in enumerate((learned, again))
    }
    assert len(versions) == 1


def test_a_stored_model_scores_as_before_and_one_altered_byte_is_refused(learned, tmp_path):
    write_model(learned.model, tmp_path, created_at=datetime.now(UTC))
    frame = a_table(50, seed=2)
    np.testing.assert_allclose(
        read_model(tmp_path).score(frame).probability, learned.model.score(frame).probability, atol=1e-12
    )
    for file in tmp_path.iterdir():
        kept = file.read_bytes()
        file.write_bytes(kept[:-40] + bytes([kept[-40] ^ 1]) + kept[-39:])
        with pytest.raises(ArtifactError):
            read_model(tmp_path)
        file.write_bytes(kept)


def test_the_simpler_candidate_wins_a_tie():
    assert simplest([Score("a", 0.5, 0.8), Score("b", 0.4999, 0.8)], n_usual=2).name == "a"
    assert simplest([Score("a", 0.5, 0.8), Score("b", 0.49, 0.8)], n_usual=2).name == "b"


def test_what_is_not_usual_must_be_better_by_a_standard_error():
    usual = Score("usual", 0.5, 0.8, (0.45, 0.55, 0.5, 0.5))
    by_luck = Score("lucky", 0.499, 0.8, (0.452, 0.546, 0.497, 0.501))
    surely = Score("sure", 0.499, 0.8, (0.449, 0.5489, 0.4992, 0.4989))
    assert simplest([usual, by_luck], n_usual=1).name == "usual"
    assert simplest([usual, by_luck], n_usual=2).name == "lucky"
    assert simplest([usual, surely], n_usual=1).name == "sure"


def test_the_mean_of_two_kinds_comes_right_after_the_simplest():
    assert [each.name for each in CANDIDATES[:2]] == ["logistic", "binned + preset"]
    assert len({each.name for each in CANDIDATES}) == len(CANDIDATES) == 15


def test_in_order_of_time_the_latest_rows_judge_and_a_random_split_stands_beside():
    splits = [each.split for each in learned_from(a_table(800), Roles("bought", ids=("id",), ordered=True)).judgements]
    assert splits[0] == "the latest rows"
    assert splits[-1] == "a random split beside it"
    assert len(splits) == 4


def test_a_probability_rises_where_it_may_only_rise():
    frame = a_table(800, age=np.random.default_rng(1).normal(45, 12, 800))
    prepared = prepare(frame, ROLES)
    place = [column.name for column in prepared.plan.columns].index("age")
    task = Task(prepared.plan.columns, search=QUICK, n_members=0, constraints=Constraints({place: -1}))
    model = learn(prepared, task).model
    rows = np.tile(prepared.rows.matrix[:1], (50, 1))
    rows[:, place] = np.linspace(10, 80, 50)
    assert (np.diff(model.margin(rows)) <= 1e-9).all()


@pytest.mark.parametrize(
    ("frame", "roles", "code"),
    [
        (a_table(60), ROLES, "too_little_data"),
        (a_table(300, bought="no"), ROLES, "one_class"),
        (a_table(300).head(0), ROLES, "no_rows"),
        (a_table(300), Roles("sold"), "unknown_column"),
        (a_table(300), Roles("bought", drop=("shoe",)), "unknown_column"),
        (a_table(300)[["id", "bought"]], Roles("bought"), "no_features"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_refused_by_name(frame, roles, code):
    with pytest.raises(TableError) as found:
        learned_from(frame, roles)
    assert found.value.code == code


@pytest.mark.parametrize("name", ["paid", "paid (EUR)"])
def test_a_column_that_knows_the_label_is_refused_unless_it_is_kept(name):
    frame = a_table(600)
    frame[name] = np.where(frame["bought"] == "yes", 12.5, 0.0)
    with pytest.raises(LeakError, match=re.escape(f"{name!r} alone predicts")):
        prepare(frame, ROLES)
    kept = prepare(frame, dataclasses.replace(ROLES, keep=(name,)))
    assert [finding.column for finding in kept.findings] == [name]


def test_a_date_whose_part_knows_the_label_is_kept_by_its_own_name():
    frame = a_table(600)
    frame["due"] = np.where(frame["bought"] == "yes", "2025-06-01", "2025-05-01")
    kept = prepare(frame, dataclasses.replace(ROLES, keep=("due",)))
    assert {finding.column for finding in kept.findings} == {"due"}


def test_a_date_after_the_time_of_its_row_is_refused():
    frame = a_table(600, at="2025-06-01")
    with pytest.raises(LeakError, match="'since' lies after 'at'"):
        prepare(frame, Roles("bought", time="at", ids=("id",)))


def test_identical_rows_on_both_sides_do_not_judge():
    frame = a_table(800)
    twice = pd.concat([frame, frame.head(60)])
    learned = learned_from(twice)
    assert any("also stand among those learned from" in finding.message for finding in learned.prepared.findings)
    assert learned.judgements[0].quality.n_rows < len(twice) // 5


@pytest.mark.slow
def test_two_processes_grow_the_same_trees_five_times_of_five():
    program = """
import sys, hashlib
sys.path.insert(0, "tests/training/tabular")
from test_learn import ROLES, QUICK
from worlds import a_table
from training.tabular.choice import Task, choose
from training.tabular.candidate import Candidate
from training.tabular.learn import prepare
prepared = prepare(a_table(800, seed=4), ROLES)
choice = choose(prepared.rows, Task(prepared.plan.columns, search=QUICK, n_members=0))
for run in range(5):
    trees = choice.workshop.fit(prepared.rows, Candidate.named("preset + tuned")).models
    print(hashlib.sha256("".join(t.booster.model_to_string() for t in trees).encode()).hexdigest())
"""
    said = [
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    lines = [line for text in said for line in text.splitlines()]
    assert len(lines) == 10
    assert len(set(lines)) == 1
