"""A consent or a hold about a name that the workspace does not have is refused, and by events it is taken."""

import pytest
from in_process import in_service

WHO = {"user_id": "u-1"}
NO = {"consent_id": "k-1", "customer": WHO, "purpose": "marketing", "granted": False, "method": "form"}
HOLD = {"hold_id": "h-1", "customer": WHO, "hold": "sales talk"}


def sent(tmp_path, path, body):
    async def scenario(http):
        return await http.post(path, json=body)

    return in_service(tmp_path, scenario)


@pytest.mark.parametrize(
    ("path", "body", "code", "field", "told"),
    [
        ("/v1/consents", NO | {"purpose": "markting"}, "unknown_purpose", "purpose",
         ("'markting'", "marketing, profiling, service")),
        ("/v1/consents", NO | {"channel": "webb"}, "unknown_channel", "channel", ("'webb'", "email, web")),
        ("/v1/holds", HOLD | {"issues": ["care", "growth"]}, "unknown_issue", "issues[1]", ("'growth'", "care, grow")),
    ],
)  # fmt: skip
def test_a_name_that_is_not_there_is_refused_with_what_is(tmp_path, path, body, code, field, told):
    answer = sent(tmp_path, path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (400, code, field)
    assert [text for text in told if text not in error["message"]] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/consents", NO | {"channel": "email"}),
        ("/v1/consents", NO | {"purpose": "profiling"}),
        ("/v1/consents", NO | {"purpose": "service"}),
        ("/v1/holds", HOLD),
        ("/v1/holds", HOLD | {"issues": ["grow"]}),
        ("/v1/holds", HOLD | {"issues": ["growth"], "released": True}),
        ("/v1/track", {"type": "track", "userId": "u-1", "event": "Consent Updated",
                       "properties": {"purpose": "fax club", "channel": "fax", "granted": False}}),
        ("/v1/track", {"type": "track", "userId": "u-1", "event": "Hold Set",
                       "properties": {"hold": "sales", "issues": ["growth"]}}),
    ],
)  # fmt: skip
def test_names_of_the_workspace_no_name_and_events_are_taken(tmp_path, path, body):
    assert sent(tmp_path, path, body).status_code == 200
