"""POSTs below an item that leave it in the status of their name."""

import pytest

from .conftest import in_path, operation, ref

STATUS = {
    "type": "string",
    "readOnly": True,
    "enum": ["draft", "PUBLISHED", "cancelled", "refunded", "refunding", "paid", "active", "denied"],
}
ORDER = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {"id": {"type": "integer"}, "status": STATUS, "note": {"type": "string"}},
}
NOTE = {"type": "object", "properties": {"note": {"type": "string"}}}
DONE = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean", "enum": [True]}}}


def paths(action, answer, status="200"):
    """Return the paths of orders, with an action on one."""
    here = [in_path("id", "integer")]
    return {
        "/orders": {"post": operation(ref("Order"), status="201", body=NOTE)},
        "/orders/{id}": {"parameters": here, "get": operation(ref("Order"))},
        f"/orders/{{id}}/{action}": {"parameters": here, "post": operation(answer, status=status)},
    }


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("cancel", "cancelled"),
        ("publish", "PUBLISHED"),
        ("pay", "paid"),
        ("activate", "active"),
        ("deny", "denied"),
        ("refund", None),
        ("ship", None),
    ],
)
@pytest.mark.parametrize(("answer", "status"), [(ref("Order"), "200"), (DONE, "200"), (None, "204")])
def test_an_action_sets_the_status_of_its_name(remembering, action, outcome, answer, status):
    """Whatever the response shows; one of two values, or of none, changes nothing."""
    mock = remembering(paths(action, answer, status), {"Order": ORDER})
    before = mock.post("/orders", {"note": "first"})
    sent, shown = mock("POST", f"/orders/{before['id']}/{action}")
    after = mock.get(f"/orders/{before['id']}")
    assert (sent, after) == (int(status), {**before, "status": outcome or before["status"]})
    if answer == ref("Order"):
        assert shown == after
    if outcome:
        assert mock("POST", f"/orders/777/{action}")[0] == 404
