"""Estimate of guesses: leaked and common passwords, their disguises, and names of the place."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.accounts.guessable import is_guessable

NAMES = ("dewi", "Siaga Pilkada", "Kota Pekalongan", "Medono", "Sapuro Kebulen")


@pytest.mark.parametrize(
    "password",
    [
        *("leavemealone", "1q2w3e4r5t6y", "qwerty123456", "administrator", "letmeinletmein"),
        *("LeaveMeAlone", "QWERTY123456", "P@ssw0rd1234", "p4ssword2024", "iloveyou1234", "bismillah123"),
        *("xxxxxxxxxxxx", "            ", "121212121212", "abcdefghijkl", "123456789012", "qwertyuiop[]"),
        *("17081945170845", "081230004567", "indonesia1945", "x" * 128),
        *("dewi12345678", "DewiDewiDewi", "waspada12345", "Waspada2026!", "siagapilkada", "Siaga Pilkada"),
        *("siaga.pilkada.2026", "p-a-s-s-w-o-r-d-1", "1 2 3 4 5 6 7 8", "kopi kopi kopi", "pass_word_1234"),
        *("pekalongan2024", "kotapekalongan", "KOTA PEKALONGAN", "Medono-Medono", "sapurokebulen", "S4puro Kebulen"),
    ],
)
def test_known_and_local_passwords_are_guessable(password: str) -> None:
    assert is_guessable(password, NAMES)


@pytest.mark.parametrize(
    "password",
    [
        *("kuda lumping merah", "becak biru tua 7", "correct horse battery staple", "tempe tahu soto"),
        *("kuda jaran sapi", "a!b@c#d$e%f^", "Vh7-kq2_Zp9w", "D\u00e8wi saka Pekalongan", "\udce9 dan teh panas"),
    ],
)
def test_uncommon_passwords_are_not_guessable(password: str) -> None:
    assert not is_guessable(password, NAMES)


def test_names_are_those_of_this_call() -> None:
    assert is_guessable("krapyakkrapyak", ("Krapyak",))
    assert not is_guessable("zuqiwo-jebapok", ())
    assert is_guessable("zuqiwo-jebapok", ("Zuqiwo Jebapok",))
    assert not is_guessable("zuqiwo-jebapok", ())


def test_lists_are_loaded_for_a_new_password_alone() -> None:
    loads = "import sys, gateway.cli.users, gateway.cli.appeals.commands; print('zxcvbn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True).stdout == "False\n"
