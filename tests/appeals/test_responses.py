"""Responses to appeals: a response belongs to the last appeal, and counts once."""

from __future__ import annotations

from gateway.appeals.appeal import ResponseKind, SuppressionReason
from tests.helpers.appeals import AppealWorld
from tests.helpers.phones import phone


async def test_response_belongs_to_the_last_appeal_that_was_sent(world: AppealWorld) -> None:
    await world.add_subscribers(4)
    first = await world.expanded_appeal()
    await world.send_due_messages()
    world.clock.advance(minutes=1)
    second = await world.expanded_appeal()

    assert await world.respond(phone(0), ResponseKind.STOP) == first
    assert await world.respond(phone(0), ResponseKind.STOP) == first, "counted once"
    assert await world.respond(phone(1), ResponseKind.OTHER) == first
    assert await world.respond(phone(99), ResponseKind.OTHER) is None

    # The message of the second appeal to the person who opted out is suppressed.
    assert len(await world.send_due_messages()) == 3
    assert (await world.load_results(first)).responses == {"stop": 1, "other": 1}

    # Days later an SMS is no response any more.
    world.clock.advance(days=4)

    assert await world.respond(phone(1), ResponseKind.OTHER) is None
    assert (await world.load_results(second)).suppressed == {SuppressionReason.OPTED_OUT: 1}
