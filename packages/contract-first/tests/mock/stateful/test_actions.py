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


def test_times_are_in_the_order_of_a_life(remembering):
    """What is generated comes after what is set: by the server, now, and by the client."""
    time, names = (
        {"type": "string", "format": "date-time"},
        ("created_at", "updated_at", "start", "end", "expires_at"),
    )
    offer = {
        "type": "object",
        "required": ["id", *names],
        "properties": {"id": {"type": "integer"}, **dict.fromkeys(names, time)},
    }
    body = {"type": "object", "properties": {"start": time, "end": time}}
    mock = remembering(
        {
            "/offers": {"post": operation(offer, status="201", body=body)},
            "/offers/{id}": {"parameters": [in_path("id", "integer")], "get": operation(offer)},
        }
    )
    for sent in (
        {},
        {"start": "2031-01-01T00:00:00Z"},
        {"start": "2031-01-01T00:00:00Z", "end": "2020-01-01T00:00:00Z"},
    ):
        made = mock.post("/offers", sent)
        assert made.items() >= sent.items()
        assert made["created_at"] <= made["updated_at"] <= made["expires_at"]
        assert "end" in sent or made["start"] < made["end"] <= made["expires_at"]


@pytest.mark.parametrize(("code", "digits"), [("JPY", 0), ("KWD", 3), ("EUR", 2)])
def test_amounts_have_the_digits_of_their_currency(remembering, code, digits):
    """As numbers and as texts; a rate is no amount."""
    number, text = {"type": "number"}, {"type": "string"}
    members = {"currency": {"type": "string", "enum": [code]}, "amount": number, "total_price": text}
    price = {"type": "object", "required": [*members], "properties": members}
    mock = remembering({"/prices": {"get": operation({"type": "array", "items": price})}})
    for shown in mock.get("/prices"):
        assert len(shown["total_price"].partition(".")[2]) == digits
        assert shown["amount"] == round(shown["amount"], digits)
