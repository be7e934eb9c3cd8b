"""Households over HTTP: what another member does changes what the next decision about the first one knows."""

import orjson
from in_process import in_service
from test_app import ask


def sent(kind, message_id, user, **fields):
    return {"type": kind, "messageId": message_id, "userId": user} | fields


def test_a_members_order_is_in_the_next_decision_about_another_until_they_object(tmp_path):
    home = {"groupId": "h-1", "traits": {"type": "household", "size": 2}}
    yes = {"purpose": "profiling", "granted": True}
    decided = []

    async def scenario(http):
        async def known(request_id):
            decision = (await http.post("/v1/decisions", json=ask(request_id))).json()
            profile = (await http.post("/v1/profiles", json={"customer": {"user_id": "u-1"}})).json()
            decided.append(decision["decision_id"])
            with http.desk.ledger.read() as connection:
                query = "SELECT body FROM record WHERE kind = 'decision' AND record_id = ?"
                (body,) = connection.execute(query, (decision["decision_id"],)).fetchone()
            logged = orjson.loads(body)["decision"]["features"]
            names = ("household_members", "household_revenue_365d", "household_size")
            assert [profile["features"][name] for name in names] == [logged[name] for name in names]
            return [logged[name] for name in names]

        calls = [("/v1/group", sent("group", f"g-{user}", user, **home)) for user in ("u-1", "u-2")]
        calls.append(("/v1/track", sent("track", "k-1", "u-2", event="Consent Updated", properties=yes)))
        for path, body in calls:
            assert (await http.post(path, json=body)).status_code == 200
        seen = [await known("r-1")]
        bought = sent("track", "o-1", "u-2", event="Order Completed", properties={"revenue": 40.0})
        await http.post("/v1/track", json=bought)
        seen.append(await known("r-2"))
        objection = {"objection_id": "x-1", "customer": {"user_id": "u-2"}}
        assert (await http.post("/v1/objections", json=objection)).status_code == 200
        seen.append(await known("r-3"))
        return seen

    before, after, objected = in_service(tmp_path, scenario)
    assert (before, after, objected) == ([2.0, 0.0, 2.0], [2.0, 40.0, 2.0], [1.0, 0.0, 2.0])
    assert len(set(decided)) == 3
