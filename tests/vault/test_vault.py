"""Encryption of phone numbers and their keyed hash: under one key only, and showing neither number nor key."""

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
from tests.helpers.phones import NUMBER, OTHER

MASTER = bytes(range(32))
SHORTEST = Phone("+21234567")
LONGEST = Phone("+123456789012345")
FIRST_FORMAT = bytes.fromhex(
    "01d4bc219e82a2d3db5507cc178633884c5a2483fbcbe34272ee9f21861d147dcca5226d7f2a9b7311c3902661"
)
"""`NUMBER`, as it was encrypted before numbers were bound to their hash."""

numbers = st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True).filter(str.isascii)


@pytest.fixture
def vault() -> Vault:
    return Vault(MASTER)


@given(numbers)
def test_open_returns_the_sealed_number(number: str) -> None:
    vault = Vault(MASTER)
    assert vault.open(vault.seal(Phone(number)), vault.lookup(Phone(number))).e164 == number


def test_seal_is_different_each_time(vault: Vault) -> None:
    assert len({vault.seal(NUMBER) for _ in range(100)}) == 100


def test_values_of_earlier_versions_stay_readable(vault: Vault) -> None:
    assert vault.open(FIRST_FORMAT, vault.lookup(NUMBER)) == NUMBER
    assert vault.open(FIRST_FORMAT, None) == NUMBER, "of a place that had no hash"
    assert vault.lookup(NUMBER).hex() == "52edbeafaa68aeaab6f7f1f19cf2be0528033f86bc4c37cf54b35b9f4eb5d29d"
    assert vault.fingerprint.hex() == "0e4df029b0e0bde69498460eb40d212b6d794a1b3f2331a94a13dfa757c0d05c"


def test_sealed_numbers_have_one_length(vault: Vault) -> None:
    assert {len(vault.seal(phone)) for phone in (NUMBER, SHORTEST, LONGEST)} == {46}


def test_lookup_depends_on_number_and_key_alone(vault: Vault) -> None:
    assert vault.lookup(NUMBER) == Vault(MASTER).lookup(NUMBER)
    assert len(vault.lookup(NUMBER)) == 32
    assert vault.lookup(NUMBER) != vault.lookup(OTHER)
    assert vault.lookup(NUMBER) != Vault(bytes(32)).lookup(NUMBER)


@given(numbers)
def test_lookup_is_hmac_sha256(number: str) -> None:
    key = HKDF(SHA256(), length=32, salt=None, info=b"waspada phone number lookup").derive(MASTER)
    assert Vault(MASTER).lookup(Phone(number)) == hmac.digest(key, number.encode(), "sha256")


def test_fingerprint_distinguishes_keys_and_is_none_of_them(vault: Vault) -> None:
    assert vault.fingerprint == Vault(MASTER).fingerprint != Vault(bytes(32)).fingerprint
    assert len(vault.fingerprint) == 32

    for purpose in (b"seal", b"lookup"):
        key = HKDF(SHA256(), length=32, salt=None, info=b"waspada phone number " + purpose).derive(MASTER)
        assert vault.fingerprint not in (key, MASTER), purpose


def test_open_refuses_a_number_sealed_with_another_key(vault: Vault) -> None:
    with pytest.raises(CannotOpen):
        Vault(bytes(32)).open(vault.seal(NUMBER), vault.lookup(NUMBER))


@pytest.mark.parametrize("sealed", [Vault(MASTER).seal(NUMBER), FIRST_FORMAT], ids=["bound", "first format"])
@pytest.mark.parametrize(
    "key",
    [Vault(MASTER).lookup(OTHER), Vault(bytes(32)).lookup(NUMBER), Vault(MASTER).lookup(NUMBER)[:31], b"", b"\0" * 32],
    ids=["of somebody else", "under another master key", "cut", "empty", "made up"],
)
def test_open_refuses_a_number_beside_another_hash(vault: Vault, sealed: bytes, key: bytes) -> None:
    assert vault.open(sealed, vault.lookup(NUMBER)) == NUMBER
    with pytest.raises(CannotOpen):
        vault.open(sealed, key)
    assert vault.masked(sealed, key) == "?"


def test_open_refuses_a_bound_number_without_hash(vault: Vault) -> None:
    with pytest.raises(CannotOpen):
        vault.open(vault.seal(NUMBER), None)


def test_bound_number_cannot_be_made_one_of_the_first_format(vault: Vault) -> None:
    with pytest.raises(CannotOpen):
        vault.open(vault.seal(NUMBER)[1:], None)


@pytest.mark.parametrize("at", [0, 1, 2, 13, 14, 29, 30, 45])
def test_open_refuses_a_changed_byte(vault: Vault, at: int) -> None:
    sealed = bytearray(vault.seal(NUMBER))
    sealed[at] ^= 1

    with pytest.raises(CannotOpen):
        vault.open(bytes(sealed), vault.lookup(NUMBER))


@pytest.mark.parametrize("cut", [0, 1, 13, 44, 45, 47])
def test_open_refuses_another_length(vault: Vault, cut: int) -> None:
    with pytest.raises(CannotOpen):
        vault.open((vault.seal(NUMBER) + b"\0")[:cut], vault.lookup(NUMBER))


def test_masked_never_raises(vault: Vault) -> None:
    key = vault.lookup(NUMBER)
    assert vault.masked(vault.seal(NUMBER), key) == NUMBER.masked
    assert vault.masked(None, None) == "", "erased"
    assert vault.masked(Vault(bytes(32)).seal(NUMBER), key) == "?"


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_vault_refuses_a_key_of_another_length(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(length))


def test_logs_and_errors_show_neither_key_nor_number(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("%s %r %s %r", vault, vault, NUMBER, NUMBER)
    try:
        Vault(bytes(32)).open(vault.seal(NUMBER), vault.lookup(NUMBER))
    except CannotOpen as error:
        shown = caplog.text + "".join(traceback.format_exception(error))

    assert "Cannot decrypt" in shown
    assert "81230004567" not in shown
    assert MASTER.hex() not in shown
    assert repr(MASTER) not in shown
    assert not any(hasattr(vault, name) for name in ("master", "__dict__"))


def test_secret_is_opened_for_its_owner_and_key_alone(vault: Vault) -> None:
    sealed = vault.seal_secret(b"12345678901234567890", "dewi")

    assert vault.open_secret(sealed, "dewi") == b"12345678901234567890"
    assert sealed != vault.seal_secret(b"12345678901234567890", "dewi")
    for wrong in (b"", sealed[:5], sealed[:-1], b"\x02" + sealed[1:], vault.seal(NUMBER)):
        with pytest.raises(CannotOpen):
            vault.open_secret(wrong, "dewi")
    with pytest.raises(CannotOpen):
        vault.open_secret(sealed, "budi")
    with pytest.raises(CannotOpen):
        Vault(bytes(32)).open_secret(sealed, "dewi")
