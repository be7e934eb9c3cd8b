"""Learning between trainings over HTTP: an answer that was acknowledged is in the next decision, whoever decides."""

import asyncio
import shutil

import pytest
from in_process import WORKSPACE, Clock, in_service, serving
from test_app import ask

from decisioning.errors import InvalidInputError, UnavailableError
from features.decision_book import DecisionBook

SETTINGS = "\n[learning]\nfast = true\n"


def a_workspace(folder, settings=SETTINGS):
    shutil.copytree(WORKSPACE, folder / "workspace")
    with (folder / "workspace" / "tsugi.toml").open("a") as file:
        file.write(settings)


def answered(decision, kind, *, action="coffee", number=1):
    outcome = {"outcome_id": f"{decision['decision_id']}-{kind}-{number}", "decision_id": decision["decision_id"]}
    about = {"action": action, "treatment": "banner", "type": kind, "occurred_at": decision["decided_at"]}
    return {"outcomes": [outcome | about]}


async def decided(http, request_id, user="u-1"):
    answer = await http.post("/v1/decisions", json=ask(request_id, user))
    assert answer.status_code == 200
    return answer.json()


def logged(http, decision):
    return DecisionBook(http.desk.ledger, http.desk.catalog.current.catalog).find(decision["decision_id"])


def propensities(http, decision):
    return {name: score[0] for name, score in logged(http, decision).scores.items()}


def test_an_answer_that_was_acknowledged_moves_the_next_decision_of_every_worker(tmp_path):
    a_workspace(tmp_path)

    async def scenario(http):
        async with serving(tmp_path, clock=Clock()) as other:
            first = await decided(http, "r-1")
            seen = [propensities(other, await decided(other, "r-2", "u-2"))]
            for kind in ("impression", "accept", "accept"):
                sent = await http.post("/v1/outcomes", json=answered(first, kind))
                assert sent.status_code == 200
                seen.append(propensities(other, await decided(other, f"r-{kind}-{len(seen)}", "u-3")))
            mine = propensities(http, await decided(http, "r-9", "u-4"))
            assert mine == seen[-1]
            return seen

    before, shown, accepted, again = in_service(tmp_path, scenario)
    assert abs(shown["coffee"] - before["coffee"]) < 1e-4  # who has not answered yet is no refusal
    assert accepted["coffee"] > before["coffee"] + 0.01
    assert again == accepted
    assert accepted["greeting"] == before["greeting"]


def test_a_refusal_lowers_the_score_and_the_decision_says_what_it_was_made_of(tmp_path):
    a_workspace(tmp_path)

    async def scenario(http):
        first = await decided(http, "r-1")
        await http.post("/v1/outcomes", json=answered(first, "reject"))
        second = logged(http, await decided(http, "r-2", "u-2"))
        return second, http.desk.ledger.last_seq()

    second, last = in_service(tmp_path, scenario)
    assert second.scores["coffee"][0] < 0.1
    assert second.learned.scores["coffee"][0] == 0.1
    assert second.learned.seq == last - 1
    assert second.degraded == ()


def test_after_a_restart_the_same_is_believed(tmp_path):
    a_workspace(tmp_path)

    async def teach(http):
        for number in range(5):
            decision = await decided(http, f"r-{number}", f"u-{number}")
            kind = "accept" if number % 2 else "dismiss"
            await http.post("/v1/outcomes", json=answered(decision, kind))
        return propensities(http, await decided(http, "r-last", "u-9"))

    async def look(http):
        return propensities(http, await decided(http, "r-next", "u-8"))

    assert in_service(tmp_path, teach) == in_service(tmp_path, look)


def test_where_answers_cannot_be_read_the_bundle_decides_alone_and_says_so(tmp_path, monkeypatch):
    a_workspace(tmp_path)

    async def scenario(http):
        def broken(_):
            raise UnavailableError("out of order")

        monkeypatch.setattr("features.fast_layer.projection.FastProjection.catch_up", broken)
        decision = await decided(http, "r-1")
        return decision, logged(http, decision)

    answer, decision = in_service(tmp_path, scenario)
    assert answer["degraded_reasons"] == ["fast_layer"]
    assert decision.learned is None
    assert decision.scores["coffee"][0] == 0.1


def test_turned_off_nothing_is_learned_before_the_next_training(tmp_path):
    async def scenario(http):
        first = await decided(http, "r-1")
        await http.post("/v1/outcomes", json=answered(first, "accept"))
        return logged(http, await decided(http, "r-2", "u-2"))

    decision = in_service(tmp_path, scenario)
    assert decision.learned is None
    assert decision.scores["coffee"][0] == 0.1


def test_a_feature_that_does_not_exist_is_refused_at_the_start(tmp_path):
    a_workspace(tmp_path, SETTINGS + 'features = ["shoe_size"]\n')
    with pytest.raises(InvalidInputError, match="'shoe_size' is no feature here"):
        asyncio.run(serving(tmp_path).__aenter__())
