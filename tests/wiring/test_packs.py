"""What the wiring makes of channels and packs: alike channels are one, and what the code needs is asked for."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.menu.pack.loader import PackRefused
from gateway.wiring import load_menu
from gateway.wiring.pack_loading import limits_of
from tests.helpers.packs import PACKS

LANGUAGES = ("id", "jv", "en")
ACCOUNT = {"carrier": "africastalking", "username": "sandbox", "api_key": "key", "secret": "0123456789abcdef"}


def channel(**values: object) -> AfricasTalkingSettings:
    return AfricasTalkingSettings.model_validate({**ACCOUNT, "service_code": "*384*3375#", **values})


def test_channels_that_are_alike_are_laid_out_once() -> None:
    """Otherwise the screens that were proven would be laid out again while a resident waits."""
    one, same = limits_of(channel()), limits_of(channel(username="other"))
    assert one is same
    assert limits_of(channel(limit=150)) is not one


def diagnostics(tmp_path: Path, *edits: tuple[str, str, str]) -> list[str]:
    pack = shutil.copytree(PACKS / "pekalongan", tmp_path / "pack")
    for file, pattern, new in edits:
        text, changed = re.subn(pattern, new, (pack / file).read_text(), flags=re.MULTILINE)
        assert changed
        (pack / file).write_text(text)
    with pytest.raises(PackRefused) as refused:
        load_menu(pack, {})
    return [str(diagnostic) for diagnostic in refused.value.diagnostics]


def test_danger_is_asked_for_as_the_record_knows_it(tmp_path: Path) -> None:
    texts = [(f"wording/{language}.yaml", "^(  danger: .*) yes:", r"\1 there:") for language in LANGUAGES]
    flow = ("flow.yaml", "{yes: keep_away,", "{there: keep_away,")
    (diagnostic,) = diagnostics(tmp_path, flow, *texts)
    assert re.fullmatch(r"flow\.yaml:[1-9]\d*: danger: one option must be yes, which marks reports", diagnostic)


def test_a_report_that_can_be_so_has_a_name(tmp_path: Path) -> None:
    found = diagnostics(tmp_path, ("wording/jv.yaml", ", merged: Dipungabung", ""))
    assert all(re.match(r"wording/jv\.yaml:[1-9]\d*: labels\.status\.merged: this is missing", one) for one in found)


def test_who_may_be_called_is_answered_as_the_record_knows_it(tmp_path: Path) -> None:
    texts = [(f"wording/{language}.yaml", r"^(  contact:\n(?:    .*\n)*?    )yes:", r"\1ya:") for language in LANGUAGES]
    flow = ("flow.yaml", r"^(  contact:\n    choose: \{)yes:", r"\1ya:")
    (diagnostic,) = diagnostics(tmp_path, flow, *texts)
    assert re.fullmatch(r"flow\.yaml:[1-9]\d*: contact: contact is one of no, yes, not ya", diagnostic)


def test_what_is_recorded_as_a_key_is_chosen(tmp_path: Path) -> None:
    found = diagnostics(tmp_path, ("flow.yaml", "keep: description", "keep: size"))
    assert [one for one in found if re.match(r"flow\.yaml:[1-9]\d*: describe: size must be chosen, not typed", one)]
