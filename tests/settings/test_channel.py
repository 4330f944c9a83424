"""Settings of channels: the tagged union of the carriers' settings, and what all of them have."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.wiring.carriers import CARRIERS
from tests.helpers.settings import CHANNEL, diagnostics, read_channel

ONE_CARRIER = {"africastalking": CARRIERS["africastalking"]}


def test_channel_of_the_file_has_the_settings_of_its_carrier(config: Path) -> None:
    channel = read_channel(config)

    assert channel.carrier == "africastalking"
    assert channel.api_key.get_secret_value() == "atsk_0000"
    assert channel.secrets == ("0123456789abcdef",)
    assert (channel.sender, channel.api_url, channel.limit) == (None, None, 160)


def test_channel_may_have_two_secrets_while_they_are_rotated(config: Path) -> None:
    config.write_text(CHANNEL.replace('"0123456789abcdef"', '["new-0123456789abcdef", "old-0123456789abcdef"]'))

    assert read_channel(config).secrets == ("new-0123456789abcdef", "old-0123456789abcdef")


@pytest.mark.parametrize("name", ["AT", "a_t", "a" * 33, "at/ussd", "ä"])
def test_channel_whose_name_does_not_fit_a_url_is_refused(config: Path, name: str) -> None:
    config.write_text(CHANNEL.replace("[channels.at]", f'[channels."{name}"]'))

    assert diagnostics(config) == [f"{config}:2: channels.{name}: a channel's name must be 1 to 32 of a-z 0-9 -"]


@pytest.mark.parametrize(
    "secret", ['""', "[]", '["0123456789abcdef", "0123456789abcdeg", "0123456789abcdeh"]', '"0123456789abcde/"', "7"]
)
def test_channel_with_an_unsafe_webhook_secret_is_refused(config: Path, secret: str) -> None:
    config.write_text(CHANNEL.replace('"0123456789abcdef"', secret))

    assert all(diagnostic.startswith(f"{config}:6: channels.at.secret") for diagnostic in diagnostics(config))


def test_channel_in_one_line_is_refused_with_its_line(config: Path) -> None:
    config.write_text("# all in one\nchannels = {at = {carrier = 'pigeon'}}\n")

    refusal = f'{config}:2: channels.at.carrier: unknown carrier "pigeon"; expected one of africastalking'
    assert refusal in diagnostics(config, carriers=ONE_CARRIER)


def test_channel_of_an_unknown_carrier_has_its_other_mistakes_reported_too(config: Path) -> None:
    config.write_text(CHANNEL.replace("africastalking", "pigeon") + "limit = 1\ncolour = 1\n")

    assert diagnostics(config, carriers=ONE_CARRIER) == [
        f'{config}:3: channels.at.carrier: unknown carrier "pigeon"; expected one of africastalking',
        f"{config}:8: channels.at.limit: Input should be greater than or equal to 40",
        f"{config}:9: channels.at.colour: there is no such setting",
    ]


@pytest.mark.parametrize(
    ("value", "quoted"), [("3", "3"), ("true", "True"), ('["africastalking"]', "['africastalking']")]
)
def test_channel_whose_carrier_is_no_text_is_refused_with_the_names_of_all(
    config: Path, value: str, quoted: str
) -> None:
    config.write_text(CHANNEL.replace('"africastalking"', value))

    assert diagnostics(config, carriers=ONE_CARRIER) == [
        f'{config}:3: channels.at.carrier: unknown carrier "{quoted}"; expected one of africastalking'
    ]


def test_channel_without_a_carrier_is_refused(config: Path) -> None:
    config.write_text(CHANNEL.replace('carrier = "africastalking"\n', ""))

    assert diagnostics(config) == [f"{config}:2: channels.at.carrier: is missing"]


@pytest.mark.parametrize("value", ["3", '"africastalking"', "[]"])
def test_channel_that_is_no_table_is_refused(config: Path, value: str) -> None:
    config.write_text(f"[channels]\nat = {value}\n")

    assert diagnostics(config) == [f"{config}:2: channels.at: must be a table of settings"]


def test_channel_with_wrong_navigation_keys_is_refused_with_their_names(config: Path) -> None:
    config.write_text(CHANNEL + '[channels.at.keys]\nback = "0"\nhome = "x"\nmore = "9"\n')

    assert diagnostics(config) == [
        f"{config}:8: channels.at.keys.back_elsewhere: is missing",
        f"{config}:10: channels.at.keys.home: must be 1 to 3 digits, in quotes",
    ]


def test_unknown_navigation_key_is_refused_with_the_closest_key(config: Path) -> None:
    keys = 'back = "0"\nback_elsewhere = "7"\nhome = "8"\nmore = "9"\nhom = "1"\nmor = "1"\n'
    config.write_text(f"{CHANNEL}[channels.at.keys]\n{keys}")

    assert diagnostics(config) == [
        f"{config}:13: channels.at.keys.hom: there is no such setting (did you mean home?)",
        f"{config}:14: channels.at.keys.mor: there is no such setting (did you mean more?)",
    ]
