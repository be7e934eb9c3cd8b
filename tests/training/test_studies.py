"""Searches for settings, kept in the home."""

import fcntl
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, get_ident

import lightgbm
import pytest
from patience import LONGEST
from test_tuning import some_rows

from decisioning.errors import UnavailableError
from features.file_lock import lock_beside
from training.studies import Studies, last_settings
from training.tuning import Search, tune


def look(studies, *, kind="effect", seed=3, workers=1):
    search = Search(trials=6, seed=seed, studies=studies, kind=kind, workers=workers)
    return tune(some_rows(0), some_rows(1), [], search=search)


def test_the_next_search_tries_what_the_last_one_of_its_kind_found_and_is_no_worse(tmp_path):
    studies = Studies(tmp_path / "optuna.journal")
    first, other, second = look(studies), look(studies, kind="churn", seed=9), look(studies)
    best = min((trial for trial in first.trials if trial.state == "complete"), key=lambda trial: trial.loss)
    assert second.trials[1].parameters == best.parameters != other.trials[1].parameters
    assert second.loss <= first.loss


def test_a_search_that_is_kept_finds_what_one_that_is_not_finds(tmp_path):
    assert look(Studies(tmp_path / "optuna.journal")) == look(None)


def test_two_workers_share_one_study(tmp_path):
    studies = Studies(tmp_path / "optuna.journal")
    assert sorted(trial.number for trial in look(studies, workers=2).trials) == list(range(6))


def test_no_two_workers_ever_learn_from_one_dataset(monkeypatch):
    """LightGBM writes into a dataset as it begins to learn from it; two that did so at once crashed."""
    together, learned, train = Barrier(2), defaultdict(set), lightgbm.train

    def seen(settings, data, *arguments, valid_sets, **options):
        if len(learned) < 2:
            together.wait(LONGEST)
        for each in (data, *valid_sets):
            learned[id(each)].add(get_ident())
        return train(settings, data, *arguments, valid_sets=valid_sets, **options)

    monkeypatch.setattr(lightgbm, "train", seen)
    look(None, workers=2)
    assert len(learned) == 4
    assert all(len(threads) == 1 for threads in learned.values())


def test_searches_of_two_kinds_at_once_keep_apart(tmp_path):
    studies = Studies(tmp_path / "optuna.journal")
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda kind: look(studies, kind=kind), ["effect", "churn"]))
    kept = [last_settings(studies.open(), kind) for kind in ("effect", "churn")]
    assert [len(each) for each in kept] == [1, 1]
    assert found[0] == found[1]


def test_a_locked_file_is_named_and_the_lock_of_who_is_gone_is_no_lock(tmp_path):
    studies = Studies(tmp_path / "optuna.journal", patience_seconds=0.1)
    with lock_beside(studies.path).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UnavailableError, match=r"optuna\.journal are locked by another process"):
            look(studies)
    assert look(studies).loss > 0


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "optuna.journal"
    path.write_text("this is no journal\n{}\n")
    with pytest.raises(UnavailableError, match=r"optuna\.journal cannot be used"):
        look(Studies(path))


def test_a_last_line_that_was_half_written_is_cut_off_and_told_of(tmp_path):
    told: list[str] = []
    studies = Studies(tmp_path / "optuna.journal", say=told.append)
    first = look(studies)
    whole = studies.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    studies.path.write_bytes(whole[:-37])
    assert look(studies).loss <= first.loss
    assert studies.path.read_bytes().startswith(b"".join(lines[:-1]) + b"{")
    assert [line for line in told if f"{studies.path} was half written" in line] == told != []
    assert look(studies).loss <= first.loss


def test_of_a_file_with_an_unreadable_line_it_is_said_that_it_may_be_removed(tmp_path):
    studies = Studies(tmp_path / "optuna.journal")
    look(studies)
    first, *others = studies.path.read_bytes().splitlines(keepends=True)
    studies.path.write_bytes(first[:9] + b"".join(others))
    with pytest.raises(UnavailableError, match=r"optuna\.journal cannot be used.* may simply be removed"):
        look(studies)
