"""The queue of retraining runs: one run for all who ask at once, one worker for each run."""

import multiprocessing
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from decisioning.errors import ConflictError, NotFoundError, UnavailableError
from features.retraining_run import RunRequest
from features.run_queue import LEASE, LONGEST_LINE, MOST_ATTEMPTS, MOST_LINES, RunQueue

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + LEASE


@pytest.fixture
def queue(tmp_path):
    return RunQueue(tmp_path / "home" / "runs.db")


def ask(queue, name="nightly", **change):
    return queue.ask(RunRequest(name, **change), now=NOW)


def ended(queue, worker="w", exit_code=0, **result):
    run = queue.take(worker, now=NOW)
    assert queue.end(run.run_id, worker, exit_code=exit_code, result=result, now=LATER)
    return queue.run(run.run_id)


def test_a_run_that_was_asked_for_waits_for_a_worker(queue):
    run = ask(queue)
    assert (run.state, run.requested_at, run.requests, run.attempts) == ("queued", NOW, 1, 0)
    assert queue.run(run.run_id) == run


def test_the_same_request_is_the_same_run_even_after_it_ended(queue):
    run = ask(queue)
    assert ended(queue).state == "promoted"
    assert ask(queue).run_id == run.run_id
    assert ask(queue, "another").run_id != run.run_id


def test_the_same_request_id_with_another_body_is_a_conflict_and_the_first_stands(queue):
    run = ask(queue)
    with pytest.raises(ConflictError, match="something else before"):
        ask(queue, promote=False)
    assert ask(queue) == run


def test_whoever_asks_while_a_run_is_open_joins_it_and_only_where_it_does_the_same(queue):
    run = ask(queue)
    assert (ask(queue, "second").run_id, queue.run(run.run_id).requests) == (run.run_id, 2)
    assert ask(queue, "shadow", promote=False).run_id != run.run_id
    queue.take("w", now=NOW)
    assert ask(queue, "third").run_id == run.run_id


def asked(path, names):
    return [RunQueue(path).ask(RunRequest(name), now=NOW).run_id for name in names]


def test_fifty_who_ask_at_once_in_four_processes_on_no_file_get_one_run(queue):
    names = [f"trigger-{n}" for n in range(50)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        answers = pool.starmap(asked, [(queue.path, names[k::4]) for k in range(4)])
    runs = {run_id for each in answers for run_id in each}
    assert len(runs) == 1
    assert queue.run(*runs).requests == 50


def test_a_run_is_taken_by_one_worker_the_oldest_first(queue):
    first, second = ask(queue), ask(queue, "shadow", promote=False)
    assert [queue.take(name, now=NOW).run_id for name in "ab"] == [first.run_id, second.run_id]
    assert queue.take("c", now=NOW) is None


def test_a_worker_that_says_nothing_for_the_lease_loses_its_run_and_one_that_renews_keeps_it(queue):
    run = ask(queue)
    queue.take("a", now=NOW)
    assert queue.renew(run.run_id, "a", now=LATER - timedelta(seconds=1))
    assert queue.take("b", now=LATER) is None
    assert queue.take("b", now=LATER + LEASE).attempts == 2
    assert not queue.renew(run.run_id, "a", now=LATER + LEASE)
    assert not queue.end(run.run_id, "a", exit_code=0, result={}, now=LATER + LEASE)
    assert queue.run(run.run_id).state == "running"


def test_a_run_whose_workers_are_killed_again_and_again_fails_and_holds_nobody_up(queue):
    run = ask(queue)
    for attempt in range(MOST_ATTEMPTS):
        assert queue.take("w", now=NOW + attempt * LEASE).run_id == run.run_id
    assert queue.take("w", now=NOW + MOST_ATTEMPTS * LEASE) is None
    given_up = queue.run(run.run_id)
    assert (given_up.state, given_up.attempts) == ("failed", MOST_ATTEMPTS)
    assert "killed" in given_up.result["error"]
    assert ask(queue, "next").run_id != run.run_id


def test_a_run_put_back_was_never_begun(queue):
    run = ask(queue)
    queue.take("a", now=NOW)
    queue.give_back(run.run_id, "a")
    assert queue.run(run.run_id) == run
    assert queue.take("b", now=NOW).attempts == 1


@pytest.mark.parametrize(
    ("exit_code", "state"), [(0, "promoted"), (10, "refused"), (11, "nothing_new"), (1, "failed"), (-9, "failed")]
)
def test_the_exit_code_says_what_a_run_came_to(queue, exit_code, state):
    ask(queue)
    run = ended(queue, exit_code=exit_code, version=3)
    assert (run.state, run.exit_code, run.result, run.ended_at) == (state, exit_code, {"version": 3}, LATER)


def test_the_last_lines_of_a_run_are_told_in_order_and_long_ones_cut(queue):
    run = ask(queue)
    for n in range(MOST_LINES + 5):
        queue.say(run.run_id, f"{n}", now=NOW)
    queue.say(run.run_id, "x" * 10_000, now=NOW)
    said = [line.text for line in queue.run(run.run_id).lines]
    assert said == [*(f"{n}" for n in range(6, MOST_LINES + 5)), "x" * LONGEST_LINE]


def test_a_run_that_nobody_asked_for_is_not_found(queue):
    with pytest.raises(NotFoundError, match="no such run"):
        queue.run("r_1")


def test_a_file_that_is_no_queue_is_named(queue):
    queue.path.parent.mkdir()
    queue.path.write_text("something else altogether, and long enough to be looked at" * 100)
    with pytest.raises(UnavailableError, match=r"runs\.db cannot be used"):
        ask(queue)


def test_a_queue_of_an_earlier_release_is_read_on(tmp_path):
    path = tmp_path / "runs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE run (
                run_id TEXT PRIMARY KEY, promote INTEGER NOT NULL, state TEXT NOT NULL, requested_us INTEGER NOT NULL,
                attempts INTEGER NOT NULL DEFAULT 0, started_us INTEGER, ended_us INTEGER, worker TEXT,
                lease_us INTEGER, exit_code INTEGER, result TEXT
            ) STRICT;
            CREATE TABLE request (request_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, promote INTEGER NOT NULL) STRICT;
            CREATE TABLE line (run_id TEXT NOT NULL, at_us INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
            INSERT INTO run (run_id, promote, state, requested_us) VALUES ('r_old', 1, 'queued', 0);
            INSERT INTO request VALUES ('old', 'r_old', 1);
            """
        )
    queue = RunQueue(path)
    assert (ask(queue, "old").run_id, ask(queue, "new").run_id) == ("r_old", "r_old")
    assert ask(queue, "needed", if_needed=True).run_id != "r_old"


@pytest.mark.parametrize(("exit_code", "state"), [(0, "not_needed"), (14, "held_back")])
def test_a_run_that_was_not_needed_or_held_back_says_so(tmp_path, exit_code, state):
    queue = RunQueue(tmp_path / "runs.db")
    run = ask(queue, "nightly", if_needed=True)
    queue.take("w", now=NOW)
    queue.end(run.run_id, "w", exit_code=exit_code, result={"verdict": "not needed"}, now=NOW)
    assert queue.run(run.run_id).state == state
