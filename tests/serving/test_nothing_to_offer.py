"""Where nothing may be offered, the answer says so and why, or is the placement's fallback; never anything else."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from in_process import WORKSPACE, in_service
from test_app import ask


def a_workspace(folder, *changes):
    """The workspace of these tests, with texts of its catalogue replaced."""
    shutil.copytree(WORKSPACE, folder / "workspace")
    path = folder / "workspace" / "catalog.yaml"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def decided(folder, **asked):
    async def scenario(http):
        answer = (await http.post("/v1/decisions", json=ask("r", **asked))).json()
        why = await http.post("/v1/explanations", json={"decision_id": answer["decision_id"]})
        return answer, {each["action"]: (each["stage"], each["why"]) for each in why.json()["actions"]}

    return in_service(folder, scenario)


def is_nothing(answer):
    return (answer["chosen"], answer["ranked"], answer["degraded"]) == ("no_action", [], False)


OVER = [(f"  {name}:\n    issue:", f"  {name}:\n    valid_until: 2026-01-31\n    issue:") for name in ("tea", "coffee")]
GREETING_OVER = ("  greeting:\n    issue:", "  greeting:\n    valid_until: 2026-01-31\n    issue:")
WITH_FALLBACK = ("must_fill: true}", "must_fill: true, fallback: greeting}")
BARRED = [
    (f"  {name}:\n    issue:", f'  {name}:\n    eligibility: "tea_views_7d > 900"\n    issue:') for name in ("coffee",)
]
GREETING_BARRED = ("  greeting:\n    issue:", '  greeting:\n    eligibility: "tea_views_7d > 900"\n    issue:')


def test_a_catalogue_of_which_everything_is_over_offers_nothing_and_says_until_when_it_was_valid(tmp_path):
    a_workspace(tmp_path, *OVER, GREETING_OVER)
    answer, why = decided(tmp_path)
    assert is_nothing(answer)
    assert answer["excluded"] == {"validity": 3}
    assert why == dict.fromkeys(("coffee", "greeting", "tea"), ("validity", ["valid until 2026-02-01T00:00:00+00:00"]))


def test_who_gave_no_consent_is_offered_nothing_and_the_answer_names_purpose_and_channel(tmp_path):
    a_workspace(tmp_path, ('    applicability: "tea_views_7d > 0"\n', ""))
    answer, why = decided(tmp_path, placement="newsletter")
    assert is_nothing(answer)
    assert answer["excluded"] == {"placement": 2, "consent": 1}
    assert why["tea"] == ("consent", ["marketing on email (opt_in)"])


def test_where_no_action_is_eligible_nothing_is_offered_and_each_says_its_condition(tmp_path):
    a_workspace(tmp_path, *BARRED, GREETING_BARRED)
    answer, why = decided(tmp_path)
    assert is_nothing(answer)
    assert answer["excluded"] == {"applicability": 1, "eligibility": 2}
    assert why["greeting"] == ("eligibility", ["tea_views_7d > 900"])


@pytest.mark.parametrize("changes", [OVER, BARRED])
def test_where_there_is_a_fallback_that_may_be_offered_it_is_the_answer(tmp_path, changes):
    a_workspace(tmp_path, *changes, WITH_FALLBACK)
    answer, _ = decided(tmp_path)
    assert [item["action"] for item in answer["ranked"]] == ["greeting"]
    assert answer["ranked"][0]["action_probability"] == 1.0


def test_a_fallback_that_may_not_be_offered_is_not_offered_either(tmp_path):
    a_workspace(tmp_path, *OVER, GREETING_OVER, WITH_FALLBACK)
    answer, _ = decided(tmp_path)
    assert is_nothing(answer)


@pytest.mark.parametrize("table", ["consent", "hold", "contact", "answer"])
def test_where_consent_holds_or_contacts_cannot_be_read_nothing_is_offered_and_the_answer_says_so(tmp_path, table):
    async def scenario(http):
        before = (await http.post("/v1/decisions", json=ask("before"))).json()
        with closing(sqlite3.connect(tmp_path / "home" / "ledger.db")) as connection:
            connection.execute(f"ALTER TABLE {table} RENAME TO taken_away")
            answer = await http.post("/v1/decisions", json=ask("r"))
            connection.execute(f"ALTER TABLE taken_away RENAME TO {table}")
        return before, answer, (await http.post("/v1/decisions", json=ask("after"))).json()

    before, blind, after = in_service(tmp_path, scenario)
    answer = blind.json()
    assert blind.status_code == 200
    assert (answer["chosen"], answer["ranked"]) == ("no_action", [])
    assert (answer["degraded"], answer["degraded_reasons"]) == (True, ["constraints"])
    assert answer["excluded"] == {"unreadable": 2, "applicability": 1}
    assert before["ranked"]
    assert after["ranked"]
    assert not after["degraded"]


@pytest.mark.parametrize(
    ("asked", "code", "field", "allowed"),
    [
        ({"placement": "attic"}, "unknown_placement", "placement", "newsletter, web_home"),
        ({"channel": "fax"}, "unknown_channel", "channel", "'web'"),
    ],
)
def test_an_unknown_placement_or_channel_is_refused_with_what_there_is_and_nothing_is_recorded(
    tmp_path, asked, code, field, allowed
):
    async def scenario(http):
        refused = await http.post("/v1/decisions", json=ask("r", **asked))
        return refused, await http.post("/v1/decisions", json=ask("r"))

    refused, good = in_service(tmp_path, scenario)
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["field"]) == (400, code, field)
    assert allowed in error["message"]
    assert good.status_code == 200  # the same request_id: a refusal claims none
