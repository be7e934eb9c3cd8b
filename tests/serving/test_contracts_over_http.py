"""Contracts of the workspace, checked for what comes in over HTTP; a bad one stops the service before it starts."""

import shutil

import pytest
from in_process import WORKSPACE, in_service
from test_app import viewed

from decisioning.errors import TsugiError
from serving.launch import check
from serving.settings import Settings

EVENTS = "events: {Product Viewed: {fields: {product: {one_of: [coffee]}}}}"


def a_workspace(folder, events):
    shutil.copytree(WORKSPACE, folder / "workspace")
    (folder / "workspace" / "events.yaml").write_text(events)


def test_an_event_that_breaks_a_contract_is_listed_and_the_others_are_taken(tmp_path):
    a_workspace(tmp_path, EVENTS)

    async def scenario(http):
        good = {**viewed("v-2"), "properties": {"product": "coffee"}}
        return await http.post("/v1/batch", json={"batch": [viewed("v-1"), good]})

    answer = in_service(tmp_path, scenario)
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": [{"index": 0, "code": "not_allowed", "field": "properties.product"}],
    }


def test_a_bad_contract_stops_the_service_with_its_place(tmp_path):
    a_workspace(tmp_path, EVENTS.replace("one_of", "oneof"))
    with pytest.raises(TsugiError, match=r"events.yaml:1: .*unknown option 'oneof'"):
        check(Settings(tmp_path / "home", tmp_path / "workspace", port=54_321))
