"""Reasons of a delivery report that mean that the subscriber wants no messages, and those that do not."""

from __future__ import annotations

import pytest

from gateway.carriers.africastalking.opt_out_words import is_opt_out


@pytest.mark.parametrize(
    "reason",
    [
        *("UserInBlackList", "UserInBlacklist", "userinblacklist", "USER_IN_BLACKLIST", "User in black list"),
        *("BLACKLISTED", "Blacklisted", "BlackListed", "black-listed", "Number is blacklisted by operator"),
        *("user blacklisted for this sender", "UserBlacklistedSender", "Not delivered: blacklisted", "Blacklist."),
        *("DoNotDisturbRejection", "DO_NOT_DISTURB", "do not disturb", "Do-Not-Disturb is on", "donotdisturb"),
        *("DND", "dnd", "Dnd active", "UserInDND", "DNDRejection", "number on DND list", "Rejected (DND)"),
        *("could not be sent, DND", "error 409: DND", "OptedOut", "Opted out", "OPTED-OUT", "useroptedout", "OptOut"),
        *("opt-out", "User has opted out from sender 3375", "Unsubscribed", "user unsubscribed", "UN-SUBSCRIBED"),
    ],
)
def test_is_opt_out_knows_it_in_any_spelling(reason: str) -> None:
    assert is_opt_out(reason)


@pytest.mark.parametrize(
    "reason",
    [
        *("", "DeliveryFailure", "UserIsInactive", "UserNotSubscribedToProduct", "Subscribed", "SubscriberAbsent"),
        *("not blacklisted", "Not Black Listed", "UserNotInBlacklist", "notblacklisted", "no longer blacklisted"),
        *("User has not opted out", "never unsubscribed", "not on the DND list", "removed from blacklist"),
        *("DND off", "DND not active", "blacklisted: no", "blacklist check failed", "Blacklist lookup error"),
        *(
            "SenderBlacklisted",
            "Sender ID is blacklisted",
            "blacklisted keyword",
            "Content in blacklist",
            "IP blacklist",
        ),
        *("sdnd", "dndx", "Endnode down", "laptop outage", "black market list", "out of options"),
    ],
)
def test_is_opt_out_takes_nothing_else_for_one(reason: str) -> None:
    assert not is_opt_out(reason)
