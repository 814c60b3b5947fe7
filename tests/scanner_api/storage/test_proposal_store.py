"""Proposals are kept once, reviewed until they are applied, and written to their product once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from scanner_api.scanning.scans.proposals import FIELDS, Proposal, ProposalStatus
from scanner_api.storage.catalogue.products import override
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.scans.proposals import AppliedError, NoProductError, ProposalRecord

HOSTILE = "\x00 \\u0000 \ud83d \\ 日本"
ACCEPTED, REJECTED = ProposalStatus.ACCEPTED, ProposalStatus.REJECTED


@pytest.fixture
def proposed(now):
    """Make proposals for the capture: by number, each for another value."""

    def propose(number, **changes):
        proposal = Proposal(
            id=str(UUID(int=number)),
            capture_id="capture",
            field_name="name",
            current_value=HOSTILE,
            proposed_value=f"Milk {number}",
            confidence="0.97",
            reasoning=HOSTILE,
            source="local_ocr",
            status=ProposalStatus.PENDING,
            metadata={HOSTILE: HOSTILE},
            created=now + timedelta(seconds=number),
        )
        return replace(proposal, **changes)

    return propose


@pytest.fixture
def in_linked(in_stores, scanned, milk):
    """Run a coroutine function on stores with a capture of milk, a submitted session and a clock."""

    async def link(stores, scenario):
        await stores.products.upsert_many([milk])
        linked = scanned(product_short_id=f"whole-milk-1-l-{milk.gtin}")
        await stores.captures.add_many([linked, replace(linked, id="second")])
        await stores.sessions.close(linked.session_id, submit=True)
        return await scenario(stores)

    return lambda scenario: in_stores(lambda stores: link(stores, scenario))


@pytest.fixture
def extraction(session):
    """Tell the extraction status of the session, and end its extraction."""

    class Extraction:
        async def status(self, stores):
            return (await stores.sessions.get(session["id"])).extraction_status

        async def finish(self, stores):
            attempt = await stores.extractions.claim(session["id"], 20)
            await stores.extractions.finish(session["id"], attempt)
            return await self.status(stores)

    return Extraction()


def test_a_proposal_comes_back_as_it_was_stored(in_linked, session, proposed):
    """Every field survives, alone and in the list, and so does whose the proposal is."""
    proposal = proposed(1, field_name="images", proposed_value=HOSTILE * 1000)

    async def scenario(stores):
        number = await stores.proposals.add_many([proposal])
        found = [await stores.proposals.get(each) for each in (proposal.id, "", "\x00")]
        return number, found, await stores.proposals.of_capture("capture")

    record = ProposalRecord(proposal, session["id"], session["organization_id"], session["created_by"])
    assert in_linked(scenario) == (1, [record, None, None], [proposal])


def test_proposals_are_listed_oldest_first(in_linked, proposed, now):
    """The list of a capture is in order, stable within one moment, and has no other capture's."""
    new = [proposed(3), proposed(2, created=now), proposed(1, created=now), proposed(4, capture_id="second")]

    async def scenario(stores):
        assert await stores.proposals.add_many(new) == 4
        return await stores.proposals.of_capture("capture")

    assert in_linked(scenario) == [new[2], new[1], new[0]]


def test_proposals_are_counted_by_capture(in_linked, session, proposed):
    """A poll gets the number of each capture's proposals, also of those without."""

    async def counts(stores, session_id):
        return {each.id: each.proposal_count for each in await stores.captures.states(session_id)}

    async def scenario(stores):
        before = await counts(stores, session["id"])
        await stores.proposals.add_many([proposed(1), proposed(2), proposed(3, capture_id="second")])
        return before, await counts(stores, session["id"]), await counts(stores, "\x00")

    assert in_linked(scenario) == ({"capture": 0, "second": 0}, {"capture": 2, "second": 1}, {})


def test_a_proposal_is_kept_once(in_linked, proposed):
    """The same value of one source for a field of a capture is kept once, however often it is found."""
    first = proposed(1)
    new = [
        first,
        replace(first, id="again", confidence="0.10"),
        replace(first, id="source", source="local_database"),
        replace(first, id="field", field_name="category"),
        replace(first, id="capture", capture_id="second"),
        replace(first, id="value", proposed_value="Milk"),
    ]

    async def scenario(stores):
        numbers = await asyncio.gather(*[stores.proposals.add_many(new[:5]) for _ in range(4)])
        numbers += [await stores.proposals.add_many(new[4:]), await stores.proposals.add_many([])]
        stored = await stores.proposals.of_capture("capture") + await stores.proposals.of_capture("second")
        return sorted(numbers), {proposal.id for proposal in stored}

    assert in_linked(scenario) == (
        [0, 0, 0, 0, 1, 4],
        {first.id, "source", "field", "capture", "value"},
    )


@pytest.mark.parametrize("field", ["short_id", "gtin", "created", "", "\x00"])
def test_no_proposal_changes_what_is_not_for_it(in_stores, proposed, field):
    """A field that the reference does not name cannot be proposed for, whatever its source."""
    with pytest.raises(ValueError, match="No proposal may change"):
        in_stores(lambda stores: stores.proposals.add_many([proposed(1), proposed(2, field_name=field)]))


def test_a_proposal_needs_a_capture(in_stores, proposed):
    """One for a capture that does not exist is refused."""
    with pytest.raises(ConstraintError):
        in_stores(lambda stores: stores.proposals.add_many([proposed(1)]))


@pytest.mark.parametrize("decisions", [[ACCEPTED], [REJECTED], [ACCEPTED, REJECTED], [REJECTED, ACCEPTED]])
def test_a_review_may_change(in_linked, proposed, clock, decisions):
    """Until it is applied, the last decision counts, and when it was made is kept."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(1)])
        for decision in decisions:
            clock.advance(1)
            reviewed = await stores.proposals.review(proposed(1).id, decision)
        return reviewed, (await stores.proposals.get(proposed(1).id)).proposal

    expected = proposed(1, status=decisions[-1], reviewed_at=clock.now() + timedelta(seconds=len(decisions)))
    assert in_linked(scenario) == (expected, expected)


def test_an_unknown_proposal_cannot_be_reviewed(in_stores):
    """There is nothing to review."""
    with pytest.raises(ConstraintError):
        in_stores(lambda stores: stores.proposals.review("unknown", ACCEPTED))


def test_accepted_values_are_written_to_the_product(in_linked, proposed, milk, clock, now):
    """What is accepted is written, also to every field that may be; what is rejected or open is not."""
    fields = [proposed(n, field_name=field, proposed_value=HOSTILE) for n, field in enumerate(FIELDS)]
    others = [
        proposed(8, field_name="name", proposed_value="rejected"),
        proposed(9, field_name="name", proposed_value="open"),
        proposed(10, capture_id="second", proposed_value="another capture's"),
    ]

    async def scenario(stores):
        before = await stores.products.by_gtin(milk.gtin, "organization")
        await stores.proposals.add_many([*fields[::-1], *others])
        for proposal in (*fields[::-1], others[2]):
            await stores.proposals.review(proposal.id, ACCEPTED)
        await stores.proposals.review(others[0].id, REJECTED)
        clock.advance(5)
        applied = await stores.proposals.apply("capture")
        after = await stores.products.by_gtin(milk.gtin, "organization")
        return before, applied, after, await stores.products.by_gtin(milk.gtin)

    before, applied, after, catalogue = in_linked(scenario)
    reviewed = {"status": ACCEPTED, "reviewed_at": now, "applied_at": clock.now()}
    assert applied == [replace(proposal, **reviewed) for proposal in fields]
    assert after == replace(before, **dict.fromkeys(FIELDS, HOSTILE), modified=clock.now())
    assert catalogue == before


def test_of_two_values_the_last_accepted_is_written(in_linked, proposed, milk, clock):
    """If several values for one field are accepted, the latest decision counts, not the newest proposal."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(1), proposed(2)])
        for number in (2, 1):
            clock.advance(1)
            await stores.proposals.review(proposed(number).id, ACCEPTED)
        applied = await stores.proposals.apply("capture")
        return len(applied), (await stores.products.by_gtin(milk.gtin, "organization")).name

    assert in_linked(scenario) == (2, "Milk 1")


def test_applying_twice_writes_once(in_linked, proposed, milk, now):
    """Of several who apply at once one writes; what is changed by hand later stays."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(1)])
        await stores.proposals.review(proposed(1).id, ACCEPTED)
        outcomes = await asyncio.gather(*[stores.proposals.apply("capture") for _ in range(6)])
        dialect, by_hand = stores.database.dialect.name, {"name": "By hand"}
        await stores.database.change(
            override(dialect, "organization", f"whole-milk-1-l-{milk.gtin}", by_hand, now)
        )
        again = await stores.proposals.apply("capture")
        return (
            sorted(map(len, outcomes)),
            again,
            (await stores.products.by_gtin(milk.gtin, "organization")).name,
        )

    assert in_linked(scenario) == ([0, 0, 0, 0, 0, 1], [], "By hand")


def test_what_is_applied_cannot_be_reviewed(in_linked, proposed):
    """A proposal that is written to the product stays accepted."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(1)])
        await stores.proposals.review(proposed(1).id, ACCEPTED)
        applied = await stores.proposals.apply("capture")
        with pytest.raises(AppliedError):
            await stores.proposals.review(proposed(1).id, REJECTED)
        return applied == await stores.proposals.of_capture("capture")

    assert in_linked(scenario) is True


def test_reviews_and_an_application_at_once_agree(in_linked, proposed, milk):
    """Whatever comes first, a proposal is rejected or written, never both and never half."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(number) for number in range(6)])
        for number in range(6):
            await stores.proposals.review(proposed(number).id, ACCEPTED)
        rejecting = [stores.proposals.review(proposed(number).id, REJECTED) for number in range(6)]
        rejecting.insert(3, stores.proposals.apply("capture"))
        outcomes = await asyncio.gather(*rejecting, return_exceptions=True)
        written = outcomes.pop(3)
        refused = [proposed(n).id for n, each in enumerate(outcomes) if isinstance(each, AppliedError)]
        name = (await stores.products.by_gtin(milk.gtin, "organization")).name
        return {proposal.id for proposal in written} == set(refused), bool(refused) == (name != milk.name)

    assert in_linked(scenario) == (True, True)


def test_without_a_product_nothing_is_applied(in_stores, scanned, proposed):
    """A capture that is linked to no product is distinguished from one that has nothing to apply."""

    async def scenario(stores):
        await stores.captures.add(scanned())
        await stores.proposals.add_many([proposed(1)])
        accepted = await stores.proposals.review(proposed(1).id, ACCEPTED)
        with pytest.raises(NoProductError):
            await stores.proposals.apply("capture")
        return await stores.proposals.of_capture("capture") == [accepted]

    assert in_stores(scenario) is True


def test_an_unknown_capture_has_nothing_to_apply(in_stores):
    """It is refused as what does not exist."""
    with pytest.raises(ConstraintError):
        in_stores(lambda stores: stores.proposals.apply("unknown"))


def test_a_session_is_accepted_once_a_proposal_is_applied(in_linked, proposed, extraction):
    """Acceptance alone does not count; the application of any capture's proposal does, for good."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(1), proposed(2, capture_id="second")])
        statuses = [await extraction.finish(stores)]
        for step in (
            stores.proposals.apply("capture"),
            stores.proposals.review(proposed(1).id, ACCEPTED),
            stores.proposals.apply("capture"),
            stores.proposals.review(proposed(2).id, REJECTED),
        ):
            await step
            statuses.append(await extraction.status(stores))
        return statuses

    assert in_linked(scenario) == ["ready", "ready", "ready", "accepted", "accepted"]


def test_a_session_is_rejected_once_all_proposals_are(in_linked, proposed, extraction):
    """The last rejection decides; another decision, or another proposal, opens the session again."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(1), proposed(2, capture_id="second")])
        statuses = [await extraction.finish(stores)]
        for step in (
            stores.proposals.review(proposed(1).id, REJECTED),
            stores.proposals.review(proposed(2).id, REJECTED),
            stores.proposals.review(proposed(1).id, ACCEPTED),
            stores.proposals.review(proposed(1).id, REJECTED),
            stores.proposals.add_many([proposed(3)]),
        ):
            await step
            statuses.append(await extraction.status(stores))
        return statuses

    assert in_linked(scenario) == ["ready", "ready", "rejected", "ready", "rejected", "ready"]


@pytest.mark.parametrize(
    ("decision", "outcome"), [(None, "ready"), (ACCEPTED, "accepted"), (REJECTED, "rejected")]
)
def test_reviews_do_not_end_an_extraction(in_linked, proposed, extraction, decision, outcome):
    """What was decided before the extraction ended counts when it ends, and does not end it."""

    async def scenario(stores):
        await stores.proposals.add_many([proposed(1)])
        if decision:
            await stores.proposals.review(proposed(1).id, decision)
            await stores.proposals.apply("capture")
        return await extraction.status(stores), await extraction.finish(stores)

    assert in_linked(scenario) == ("processing", outcome)
