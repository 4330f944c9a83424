"""Loading of a pack: limits of channels, and answers and labels that an incident needs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.menu.pack.loader import PackRefused
from gateway.wiring.pack_loading import limits_of, load_menu
from tests.helpers.packs import PACKS

LANGUAGES = ("id", "jv", "en")
ACCOUNT = {"carrier": "africastalking", "username": "sandbox", "api_key": "key", "secret": "0123456789abcdef"}


def channel(**values: object) -> AfricasTalkingSettings:
    return AfricasTalkingSettings.model_validate({**ACCOUNT, "service_code": "*384*3375#", **values})


def test_equal_channels_share_their_limits() -> None:
    """Otherwise checked screens would be laid out again while a resident waits."""
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


def test_danger_without_the_option_yes_is_refused(tmp_path: Path) -> None:
    texts = [
        (f"wording/{language}.yaml", r"^(  danger:\n    heading: .*\n)    yes:", r"\1    there:")
        for language in LANGUAGES
    ]
    flow = ("flow.yaml", "{yes: send_urgent,", "{there: send_urgent,")

    (diagnostic,) = flow_diagnostics(tmp_path, flow, *texts)

    assert re.fullmatch(r"flow\.yaml:[1-9]\d*: danger: one option must be yes, which marks reports", diagnostic)


def flow_diagnostics(folder: Path, *edits: tuple[str, str, str]) -> list[str]:
    """Return the diagnostics of the flow alone: the keywords name the option that an edit has renamed."""
    return [one for one in diagnostics(folder, *edits) if not one.startswith("keywords.yaml:")]


def test_category_restricted_to_an_unknown_role_is_refused(tmp_path: Path) -> None:
    (diagnostic,) = diagnostics(tmp_path, ("categories.yaml", r"\[bawaslu\]$", "[bawslu, bawaslu]"))

    assert diagnostic == (
        'categories.yaml:3: asn.restricted_to: unknown role "bawslu"; expected one of '
        "administrator, bawaslu, operator, supervisor"
    )


def test_status_without_a_label_is_refused(tmp_path: Path) -> None:
    found = diagnostics(tmp_path, ("wording/jv.yaml", ", merged: Dados setunggal", ""))
    assert all(re.match(r"wording/jv\.yaml:[1-9]\d*: labels\.status\.merged: this is missing", one) for one in found)


def test_contact_with_an_unknown_option_is_refused(tmp_path: Path) -> None:
    texts = [(f"wording/{language}.yaml", r"^(  contact:\n(?:    .*\n)*?    )yes:", r"\1ya:") for language in LANGUAGES]
    flow = ("flow.yaml", r"^(  contact:\n    choose: \{)yes:", r"\1ya:")

    (diagnostic,) = flow_diagnostics(tmp_path, flow, *texts)

    assert re.fullmatch(r"flow\.yaml:[1-9]\d*: contact: unknown contact \"ya\"; expected one of no, yes", diagnostic)


def test_typed_answer_of_a_chosen_field_is_refused(tmp_path: Path) -> None:
    found = diagnostics(tmp_path, ("flow.yaml", "keep: description", "keep: size"))
    message = r"flow\.yaml:[1-9]\d*: describe: size is of the type choice; ask for it with choose"
    assert [one for one in found if re.match(message, one)]


def with_sms_number(tmp_path: Path, number: str) -> Path:
    pack = shutil.copytree(PACKS / "pekalongan", tmp_path / "pack")
    text, changed = re.subn(
        '^  sms: "[0-9]+"', f'  sms: "{number}"', (pack / "pack.yaml").read_text(), flags=re.MULTILINE
    )
    assert changed
    (pack / "pack.yaml").write_text(text)
    return pack


@pytest.mark.parametrize("senders", [["3375"], ["BAKESBANGPOL", "3375"], ["BAKESBANGPOL"], [None], ["21800", "+3375"]])
def test_texts_may_name_the_number_of_a_channel(tmp_path: Path, senders: list[str | None]) -> None:
    channels = {f"line{place}": channel(sender=sender) for place, sender in enumerate(senders)}

    assert load_menu(with_sms_number(tmp_path, "3375"), channels).constants["sms"] == "3375"


def test_texts_that_name_another_number_than_the_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PackRefused) as refused:
        load_menu(with_sms_number(tmp_path, "3375"), {"line": channel(sender="21800"), "named": channel(sender="DESK")})

    (diagnostic,) = refused.value.diagnostics
    assert re.fullmatch(
        r"pack\.yaml:\d+: constants\.sms: no channel has this number as its sender; "
        "write the number that the SMS of a channel come from",
        str(diagnostic),
    )
