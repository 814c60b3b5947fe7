"""Third act: review the values read from the photos, and apply them to the product."""

import json
from typing import Any

from rich.markup import escape
from rich.table import Table

from .stage import Failed, Stage


def submit(stage: Stage, session: str) -> None:
    """Submit a session, and wait until its photos have been read."""
    stage.begin("Submit the session")
    response = stage.call("POST", f"/sessions/{session}/submit")
    stage.tell(response, f"session {response.json()['status']}")
    stage.begin("Wait until its photos have been read")
    stage.poll(f"/sessions/{session}/status", "extraction_status", {"ready"})


def list_proposals(stage: Stage, capture: str) -> Any:
    """Show what the photos suggest for the product, and return it."""
    stage.begin("List what they suggest for the product")
    response = stage.call("GET", f"/captures/{capture}/proposals")
    proposals = response.json()
    stage.tell(response, f"{len(proposals)} proposals")
    table = Table("field", "catalogue", "photo", "sure", show_lines=True)
    for proposal in proposals:
        table.add_row(
            proposal["field_name"],
            escape(proposal["current_value"]),
            escape(proposal["proposed_value"]),
            proposal["confidence"],
        )
    stage.show(table)
    return proposals


def review(stage: Stage, proposals: Any, field_name: str, decision: str) -> None:
    """Accept or reject the proposal for a field, or raise Failed if there is none."""
    stage.begin(f"Review the {field_name}: {decision}")
    proposal = next((proposal for proposal in proposals if proposal["field_name"] == field_name), None)
    if proposal is None:
        raise Failed(f"the photos suggest no {field_name}.")
    body = {"status": decision}
    response = stage.call("PATCH", f"/proposals/{proposal['id']}", detail=json.dumps(body), json=body)
    stage.tell(response, f"{response.json()['field_name']} {response.json()['status']}")


def apply(stage: Stage, capture: str) -> None:
    """Write the accepted values to the product; raise Failed if others were written."""
    stage.begin("Apply to the product what was accepted")
    response = stage.call("POST", f"/captures/{capture}/apply")
    applied = response.json()
    if [change["field_name"] for change in applied] != ["ingredients"]:
        raise Failed(f"the ingredients were to be applied, and these were: {response.text}")
    stage.tell(response, "1 proposal applied")
    stage.tell("now", f"[bold]{escape(applied[0]['proposed_value'])}[/]")
