"""Warnings about a valid pack: past stages, a retention that texts promise, senders that nobody can answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.settings import Settings
from gateway.wiring.pack_warnings import warnings_of
from tests.helpers.packs import MENU

IN_TIME, LATER = (datetime(2024, 12, 16, hour, 59, tzinfo=UTC) for hour in (16, 17))
ACCOUNT = {"carrier": "africastalking", "username": "sandbox", "api_key": "key", "secret": "0123456789abcdef"}


def settings(sender: str | None = None, retention_days: int = 90) -> Settings:
    channel = AfricasTalkingSettings.model_validate({**ACCOUNT, "service_code": "*384*3375#", "sender": sender})
    return Settings.model_construct(channels={"at": channel}, retention_days=retention_days)


def test_pack_in_its_stages_has_no_warning() -> None:
    assert warnings_of(MENU, settings(), IN_TIME) == []


def test_past_stages_are_warned_about_at_the_last_one() -> None:
    (warning,) = warnings_of(MENU, settings(), LATER)

    assert str(warning) == (
        "stages.yaml:6: all stages are past (rekapitulasi ended on 2024-12-16), so no day is strict; "
        "write the next ones"
    )


def test_retention_that_texts_promise_must_be_the_setting() -> None:
    menu = replace(MENU, constants={**MENU.constants, "retention_days": "90"})

    assert warnings_of(menu, settings(retention_days=90), IN_TIME) == []
    (warning,) = warnings_of(menu, settings(retention_days=60), IN_TIME)
    assert "texts promise 90 days, the setting retention_days is 60; make them agree" in str(warning)


def test_name_as_sender_is_warned_about_at_every_text_that_asks_for_a_reply() -> None:
    found = [str(one) for one in warnings_of(MENU, settings("BAKESBANGPOL"), IN_TIME)]

    assert warnings_of(MENU, settings("3375"), IN_TIME) == []
    asking = [one for one in found if "sms.unsub_ok: nobody can reply to the sender of channel at" in one]
    assert [one.partition(":")[0] for one in asking] == ["wording/en.yaml", "wording/id.yaml", "wording/jv.yaml"]
    assert not any("sms.received" in one for one in found)
