"""The vault: what it seals opens again, under its own key only, and nothing of a number or a key shows."""

from __future__ import annotations

import hmac
import logging
import traceback

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.phone import Phone
from gateway.vault.vault import CannotOpen, Vault

MASTER = bytes(range(32))
PHONE = Phone("+6281230004567")
OTHER = Phone("+6285712340008")
SHORTEST = Phone("+21234567")
LONGEST = Phone("+123456789012345")

numbers = st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True).filter(str.isascii)


@pytest.fixture
def vault() -> Vault:
    return Vault(MASTER)


@given(numbers)
def test_what_is_sealed_opens_again(number: str) -> None:
    vault = Vault(MASTER)
    assert vault.open(vault.seal(Phone(number))).e164 == number


def test_the_same_number_is_sealed_differently_each_time(vault: Vault) -> None:
    assert len({vault.seal(PHONE) for _ in range(100)}) == 100


def test_the_length_of_a_sealed_number_tells_nothing(vault: Vault) -> None:
    assert {len(vault.seal(phone)) for phone in (PHONE, SHORTEST, LONGEST)} == {45}


def test_a_number_is_found_again_by_another_process(vault: Vault) -> None:
    assert vault.lookup(PHONE) == Vault(MASTER).lookup(PHONE)
    assert len(vault.lookup(PHONE)) == 32
    assert vault.lookup(PHONE) != vault.lookup(OTHER)
    assert vault.lookup(PHONE) != Vault(bytes(32)).lookup(PHONE)


@given(numbers)
def test_the_lookup_is_hmac_sha256(number: str) -> None:
    key = HKDF(SHA256(), length=32, salt=None, info=b"waspada phone number lookup").derive(MASTER)
    assert Vault(MASTER).lookup(Phone(number)) == hmac.digest(key, number.encode(), "sha256")


def test_a_fingerprint_tells_one_key_from_another_and_nothing_of_it(vault: Vault) -> None:
    assert vault.fingerprint == Vault(MASTER).fingerprint != Vault(bytes(32)).fingerprint
    assert len(vault.fingerprint) == 32
    for purpose in (b"seal", b"lookup"):
        key = HKDF(SHA256(), length=32, salt=None, info=b"waspada phone number " + purpose).derive(MASTER)
        assert vault.fingerprint not in (key, MASTER), purpose


def test_another_key_does_not_open_it(vault: Vault) -> None:
    with pytest.raises(CannotOpen):
        Vault(bytes(32)).open(vault.seal(PHONE))


@pytest.mark.parametrize("at", [0, 1, 12, 13, 28, 29, 44])
def test_a_changed_byte_is_noticed(vault: Vault, at: int) -> None:
    sealed = bytearray(vault.seal(PHONE))
    sealed[at] ^= 1
    with pytest.raises(CannotOpen):
        vault.open(bytes(sealed))


@pytest.mark.parametrize("cut", [0, 1, 13, 44, 46])
def test_another_length_is_refused(vault: Vault, cut: int) -> None:
    with pytest.raises(CannotOpen):
        vault.open((vault.seal(PHONE) + b"\0")[:cut])


def test_a_list_shows_the_mask_and_goes_on_where_it_cannot(vault: Vault) -> None:
    assert vault.masked(vault.seal(PHONE)) == PHONE.masked
    assert vault.masked(None) == "", "erased"
    assert vault.masked(Vault(bytes(32)).seal(PHONE)) == "?"


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(length))


def test_nothing_shows_a_key_or_a_number(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("%s %r %s %r", vault, vault, PHONE, PHONE)
    try:
        Vault(bytes(32)).open(vault.seal(PHONE))
    except CannotOpen as error:
        shown = caplog.text + "".join(traceback.format_exception(error))
    assert "Cannot decrypt" in shown
    assert "81230004567" not in shown
    assert MASTER.hex() not in shown
    assert repr(MASTER) not in shown
    assert not any(hasattr(vault, name) for name in ("master", "__dict__"))
