"""`GET /v1/actions`: what serves now, the formulas of it too."""

import shutil

from in_process import WORKSPACE, in_service

from serving.answers import ActionsAnswer

FORMULAS = {"value": "3 + 0.1 * tea_views_7d", "cost": "0.01 * tea_views_7d"}
PRIORITY = "propensity * value - cost"


def with_formulas(folder):
    """The workspace of these tests, with a formula wherever a catalogue may have one."""
    shutil.copytree(WORKSPACE, folder / "workspace")
    path = folder / "workspace" / "catalog.yaml"
    text = path.read_text()
    given = text.replace("  tea:\n", f'  tea:\n    value_formula: "{FORMULAS["value"]}"\n', 1)
    given = given.replace("banner: {channel: web", f'banner: {{cost_formula: "{FORMULAS["cost"]}", channel: web')
    path.write_text(f'{given}\narbitration: custom\npriority_formula: "{PRIORITY}"\n')


async def listed(http):
    return (await http.get("/v1/actions")).json()


def test_formulas_of_value_cost_and_priority_are_shown(tmp_path):
    with_formulas(tmp_path)
    answer = in_service(tmp_path, listed)
    ActionsAnswer.model_validate(answer, strict=True)
    tea = next(each for each in answer["actions"] if each["action"] == "tea")
    assert (answer["arbitration"], answer["priority_formula"]) == ("custom", PRIORITY)
    assert tea["value_formula"] == FORMULAS["value"]
    assert {each["treatment"]: each["cost_formula"] for each in tea["treatments"]}["banner"] == FORMULAS["cost"]


def test_where_there_are_none_they_are_empty(tmp_path):
    answer = in_service(tmp_path, listed)
    assert (answer["arbitration"], answer["priority_formula"]) == ("incremental_value", "")
    assert {each["value_formula"] for each in answer["actions"]} == {""}
