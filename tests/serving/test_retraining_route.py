"""`/v1/retraining-runs`: a scheduler asks, is told how far it came, and asks again without harm."""

from in_process import in_service

from features.home import Home
from features.run_queue import RunQueue
from serving.retraining_answer import RetrainingAnswer

PATH = "/v1/retraining-runs"


def test_a_run_is_queued_and_can_be_looked_at(tmp_path):
    async def scenario(http):
        asked = await http.post(PATH, json={"request_id": "nightly-1"})
        return asked, await http.get(f"{PATH}/{asked.json()['run_id']}")

    asked, seen = in_service(tmp_path, scenario)
    assert (asked.status_code, seen.status_code, seen.json()) == (202, 200, asked.json())
    run = RetrainingAnswer.model_validate(asked.json(), strict=True)
    assert (run.state, run.requests, run.lines) == ("queued", 1, [])
    (home,) = tmp_path.rglob("ledger.db")
    assert RunQueue(Home(home.parent).runs).run(run.run_id).state == "queued"


def test_the_same_request_is_answered_alike_and_another_with_its_id_refused(tmp_path):
    async def scenario(http):
        bodies = ({"request_id": "n"}, {"request_id": "n", "promote": True}, {"request_id": "n", "promote": False})
        return [await http.post(PATH, json=body) for body in bodies]

    first, again, other = in_service(tmp_path, scenario)
    assert first.content == again.content
    assert (other.status_code, other.json()["error"]["field"]) == (409, "request_id")


def test_a_run_if_needed_is_another_kind_of_run(tmp_path):
    async def scenario(http):
        bodies = ({"request_id": "a"}, {"request_id": "b", "if_needed": True}, {"request_id": "c", "if_needed": True})
        answers = [await http.post(PATH, json=body) for body in bodies]
        return [*answers, await http.post(PATH, json={"request_id": "a", "if_needed": True})]

    plain, needed, joined, other = in_service(tmp_path, scenario)
    assert [each.json()["if_needed"] for each in (plain, needed)] == [False, True]
    assert plain.json()["run_id"] != needed.json()["run_id"] == joined.json()["run_id"]
    assert other.status_code == 409


def test_a_run_that_nobody_asked_for_and_a_body_that_is_wrong_are_named(tmp_path):
    async def scenario(http):
        return await http.get(f"{PATH}/r_none"), await http.post(PATH, json={"request_id": "n", "force": True})

    missing, wrong = in_service(tmp_path, scenario)
    assert (missing.status_code, missing.json()["error"]["field"]) == (404, "run_id")
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "force")
