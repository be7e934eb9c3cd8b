"""Explanations over HTTP: every action of a past decision, the decision made again, and what if."""

import pytest
from in_process import in_service
from test_app import ask

from decisioning.cold_start import CatalogScorer
from serving.explanation_answer import ExplanationAnswer


def explained(tmp_path, *bodies, before=None):
    """Decide once, and ask for explanations of it; `before` runs between the two."""

    async def scenario(http):
        decision = (await http.post("/v1/decisions", json=ask("r-1"))).json()
        if before:
            await before(http)
        asked = [{"decision_id": decision["decision_id"], **body} for body in bodies]
        return decision, [await http.post("/v1/explanations", json=body) for body in asked]

    return in_service(tmp_path, scenario)


def test_every_action_is_explained_and_the_decision_comes_out_the_same(tmp_path):
    decision, (answer,) = explained(tmp_path, {})
    told = ExplanationAnswer.model_validate(answer.json(), strict=True)
    assert told.replay.exact
    assert sorted(each.action for each in told.actions) == ["coffee", "greeting", "tea"]
    assert [each.action for each in told.actions if each.rank] == [each["action"] for each in decision["ranked"]]
    (tea,) = [each for each in told.actions if each.action == "tea"]
    assert (tea.became, tea.stage, tea.read) == ("excluded", "applicability", {"tea_views_7d": 0.0})


async def view_tea(http):
    event = {"type": "track", "event": "Product Viewed", "messageId": "m-1", "userId": "u-1"}
    await http.post("/v1/events", json={"batch": [{**event, "properties": {"product": "tea"}}]})
    await http.post("/v1/consents", json={
        "consent_id": "k-1", "customer": {"user_id": "u-1"}, "purpose": "marketing", "granted": False,
        "method": "call", "text": {"version": "1"},
    })  # fmt: skip
    await http.post("/v1/decisions", json=ask("r-2"))


def test_what_happened_since_changes_nothing_of_how_it_is_made_again(tmp_path):
    _, (answer,) = explained(tmp_path, {}, before=view_tea)
    assert answer.json()["replay"] == {"exact": True, "differs": [], "why_not": None}


@pytest.mark.parametrize("explain", [0, 1, 2])
def test_as_many_ranked_actions_name_features_as_the_caller_asks_for(tmp_path, monkeypatch, explain):
    monkeypatch.setattr(CatalogScorer, "explain", lambda *_: (("tea_views_7d", 0.5),))

    async def scenario(http):
        return (await http.post("/v1/decisions", json=ask("r-1") | {"explain": explain})).json()

    ranked = in_service(tmp_path, scenario)["ranked"]
    named = ["tea_views_7d raises it" in each["reasons"] for each in ranked]
    assert named == [each["rank"] <= explain for each in ranked]
    assert ranked


def test_what_if_says_what_would_have_moved(tmp_path):
    what = {"features": {"tea_views_7d": 2}, "levers": {"tea": 100}}
    _, (answer,) = explained(tmp_path, {"what_if": what})
    supposed = ExplanationAnswer.model_validate(answer.json(), strict=True).what_if
    assert {each.action: each.would_be for each in supposed.moved if each.action == "tea"} == {"tea": 1}


def test_what_if_it_were_a_channel_that_needs_a_yes(tmp_path):
    _, (answer,) = explained(tmp_path, {"what_if": {"placement": "newsletter"}})
    supposed = answer.json()["what_if"]
    assert supposed["channel"] == "email"
    assert {each["action"]: each["stage"] for each in supposed["actions"]}["tea"] in ("applicability", "consent")
    assert not [each for each in supposed["actions"] if each["became"] == "ranked"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"decision_id": "d_nobody"}, 404, "decision_id"),
        ({"what_if": {"features": {"tea_veiws": 1}}}, 400, "what_if.features"),
        ({"what_if": {"levers": {"cocoa": 1}}}, 400, "what_if.levers"),
        ({"what_if": {"levers": {"tea": -1}}}, 400, "what_if.levers.tea"),
        ({"what_if": {"placement": "attic"}}, 400, "placement"),
        ({"what_if": {"seed": 1}}, 400, "what_if.seed"),
        ({"seed": 1}, 400, "seed"),
    ],
)
def test_what_cannot_be_explained_is_named(tmp_path, body, status, field):
    _, (answer,) = explained(tmp_path, body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)


def test_an_erased_decision_says_so(tmp_path):
    async def erase(http):
        await http.post("/v1/erasures", json={"customer": {"user_id": "u-1"}})

    _, (answer,) = explained(tmp_path, {}, before=erase)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "erased")


def test_without_the_catalogue_of_then_the_record_alone_explains(tmp_path):
    async def lose(http):
        for kept in (tmp_path / "home" / "catalogs").iterdir():
            kept.unlink()

    _, (plain, supposing) = explained(tmp_path, {}, {"what_if": {}}, before=lose)
    assert "was not kept" in plain.json()["replay"]["why_not"]
    assert len(plain.json()["actions"]) == 3
    assert (supposing.status_code, supposing.json()["error"]["code"]) == (404, "catalog_not_kept")


def test_a_catalogue_that_was_replaced_still_explains_what_it_decided(tmp_path):
    async def replace(http):
        path = tmp_path / "workspace" / "catalog.yaml"
        path.write_text(path.read_text().replace("value: 12.5", "value: 99"))
        http.desk.catalog.refresh()
        assert http.desk.catalog.current.catalog.actions["tea"].value == 99

    _, (answer,) = explained(tmp_path, {}, before=replace)
    assert answer.json()["replay"]["exact"]
