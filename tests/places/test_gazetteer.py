"""Gazetteer: a typed name finds the area that has or had it, or a choice wherever there is doubt."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.places.gazetteer import MAX_CHARACTERS, MAX_MATCHES, AreaMatches, Gazetteer
from tests.helpers.place_packs import (
    CITY,
    IGNORED_WORDS,
    PACKS,
    REGENCY,
    SECOND_CITY,
    areas_of,
    load_areas,
    load_gazetteer,
)

MEDONO = "33.75.01.1002"
TYPED = st.one_of(st.text(max_size=80), st.text("adegiknoprst .-'/", max_size=80))


def found(typed: str, pack: str = CITY) -> tuple[list[str], bool]:
    """Return the matches, as names with their kecamatan, and whether they are sure."""
    areas = load_areas(pack)
    result = load_gazetteer(pack).find(typed)
    return [f"{areas.places[code]}, {areas.regions[areas.parents[code]]}" for code in result.codes], result.sure


def names_of(pack: str) -> dict[str, list[str]]:
    named = defaultdict(list)
    for code, name in load_areas(pack).places.items():
        named[name].append(code)
    return named


# Names as they are written ---------------------------------------------------------------------------------


@pytest.mark.parametrize("alias", load_areas(CITY).aliases)
def test_every_alias_is_sure(alias: str) -> None:
    assert load_gazetteer(CITY).find(alias) == AreaMatches(load_areas(CITY).aliases[alias], sure=True)


@pytest.mark.parametrize("pack", [CITY, SECOND_CITY])
def test_every_name_of_a_city_is_sure(pack: str) -> None:
    for code, name in load_areas(pack).places.items():
        assert load_gazetteer(pack).find(name) == AreaMatches((code,), sure=True)


def test_name_of_several_areas_offers_all_of_them() -> None:
    doubled = {name: codes for name, codes in names_of(REGENCY).items() if len(codes) > 1}

    assert len(doubled) == 10

    for name, codes in doubled.items():
        assert load_gazetteer(REGENCY).find(name) == AreaMatches(tuple(codes), sure=False)


def test_every_other_name_of_the_regency_is_sure_unless_a_kecamatan_elsewhere_has_it() -> None:
    single = {name: codes for name, codes in names_of(REGENCY).items() if len(codes) == 1}
    results = {name: load_gazetteer(REGENCY).find(name) for name in single}

    assert all(results[name].codes[:1] == tuple(codes) for name, codes in single.items())
    assert [name for name, result in results.items() if not result.sure] == ["Karanganyar"]


@pytest.mark.parametrize(
    "name", ["Kutorojo", "Kutorejo", "Karangsari", "Karagsari", "Tanjungsari", "Tunjungsari", "desa KUTOROJO"]
)
def test_very_name_wins_over_one_a_letter_apart(name: str) -> None:
    (only,), sure = found(name, REGENCY)

    assert sure
    assert only.split(",")[0].lower() == name.lower().removeprefix("desa ")


def test_swapped_letters_between_two_names_do_not_matter_where_one_is_exact() -> None:
    areas = areas_of({MEDONO: "Sukamaju", "33.75.01.1003": "Sukmaaju"})

    assert Gazetteer(areas).find("sukamaju") == AreaMatches((MEDONO,), sure=True)
    assert Gazetteer(areas).find("sukmaaju barat") == AreaMatches(("33.75.01.1003",), sure=True)
    assert Gazetteer(areas).find("sukmaju") == AreaMatches((MEDONO, "33.75.01.1003"), sure=False)


@pytest.mark.parametrize(
    "typed",
    [
        "Kandang Panjang",
        "kandangpanjang",
        "KANDANG-PANJANG",
        " kandang.panjang ",
        "kandang/panjang",
        "ka'ndang pan’jang",  # noqa: RUF001
        "Kándäng Pañjang",
        "ｋａｎｄａｎｇ　ｐａｎｊａｎｇ",  # noqa: RUF001
        "kel.kandang panjang",
        "Kelurahan Kandang Panjang",
        "kel kp Kandang Panjang",
    ],
)
def test_case_marks_accents_and_ignored_words_do_not_matter(typed: str) -> None:
    assert found(typed) == (["Kandang Panjang, Pekalongan Utara"], True)


def test_ignored_words_are_those_of_the_pack() -> None:
    assert Gazetteer(load_areas(CITY)).find("kelurahan Medono") == AreaMatches()
    assert Gazetteer(load_areas(CITY), ["Die Gemeinde", "Dorf"]).find("dorf Medono") == AreaMatches(
        (MEDONO,), sure=True
    )


def test_name_that_begins_with_an_ignored_word_is_found_by_all_its_words() -> None:
    areas = areas_of({MEDONO: "Kampung Baru", "33.75.01.1003": "Baru"})

    assert Gazetteer(areas, IGNORED_WORDS).find("kampung medono").codes == ()
    assert set(Gazetteer(areas, IGNORED_WORDS).find("Desa Kampung Baru").codes) == {MEDONO, "33.75.01.1003"}
    assert Gazetteer(areas, IGNORED_WORDS).find("Baru") == AreaMatches(("33.75.01.1003",), sure=True)


# Names that are not quite so -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pasir", ["Pasirkratonkramat, Pekalongan Barat"]),
        ("kraton", ["Padukuhan Kraton, Pekalongan Utara", "Pasirkratonkramat, Pekalongan Barat"]),
        ("kratn", ["Padukuhan Kraton, Pekalongan Utara", "Pasirkratonkramat, Pekalongan Barat"]),
        ("yosoreja", ["Kuripan Yosorejo, Pekalongan Selatan"]),
        ("medno", ["Medono, Pekalongan Barat"]),
        ("noyontansarri", ["Noyontaansari, Pekalongan Timur"]),
        (
            "panjang",
            ["Kandang Panjang, Pekalongan Utara", "Panjang Wetan, Pekalongan Utara", "Panjang Baru, Pekalongan Utara"],
        ),
    ],
)
def test_part_of_a_name_or_a_misspelled_one_offers_a_choice(typed: str, offered: list[str]) -> None:
    assert found(typed) == (offered, False)


def test_misspelled_name_is_offered_before_one_that_only_begins_alike() -> None:
    areas = areas_of({MEDONO: "Medonorejo", "33.75.01.1003": "Medano"})

    assert Gazetteer(areas).find("medono") == AreaMatches(("33.75.01.1003", MEDONO), sure=False)


def test_find_offers_at_most_five() -> None:
    assert len(found("karang", REGENCY)[0]) == MAX_MATCHES


@pytest.mark.parametrize(
    "typed", ["", "me", "m e", "12", "12345", "--- ...", "kel", "qqqqqq", "medono" + " " * MAX_CHARACTERS]
)
def test_find_returns_nothing_for_text_that_is_no_name(typed: str) -> None:
    assert found(typed) == ([], False)


def test_alias_that_is_the_name_of_another_area_is_never_sure() -> None:
    areas = areas_of({MEDONO: "Medono", "33.75.01.1009": "Tirto"}, Medono=("33.75.01.1009",))

    assert Gazetteer(areas).find("Medono") == AreaMatches((MEDONO, "33.75.01.1009"), sure=False)


# With a kecamatan ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "wonosari siwalan",
        "Siwalan Wonosari",
        "ds. Wonosari, kec. Siwalan",
        "kec siwalan desa wonosari",
        "wonosari si-walan",
    ],
)
def test_kecamatan_before_or_after_a_name_narrows_to_one(typed: str) -> None:
    assert found(typed, REGENCY) == (["Wonosari, Siwalan"], True)


@pytest.mark.parametrize("pack", PACKS)
def test_every_name_is_sure_with_its_kecamatan(pack: str) -> None:
    areas = load_areas(pack)
    for code, name in areas.places.items():
        kecamatan = areas.regions[areas.parents[code]]
        for typed in (f"{name} {kecamatan}", f"desa {name}, kec. {kecamatan}", f"{kecamatan} {name}"):
            assert load_gazetteer(pack).find(typed) == AreaMatches((code,), sure=True), typed


@pytest.mark.parametrize("typed", ["kec kajen", "Kecamatan Siwalan", "kec. sragi", "di kec sragi"])
def test_name_that_is_said_to_be_a_kecamatan_is_not_sure(typed: str) -> None:
    assert found(typed, REGENCY)[1] is False


def test_kecamatan_of_two_words_narrows() -> None:
    assert found("tirto pekalongan barat") == (["Tirto, Pekalongan Barat"], True)
    assert found("panjang pekalongan barat")[1] is False


def test_misspelled_kecamatan_narrows_without_being_sure() -> None:
    assert found("wonosari siwlan", REGENCY) == (["Wonosari, Siwalan"], False)


def test_misspelled_name_in_its_kecamatan_is_the_only_offer() -> None:
    assert found("wonosri siwalan", REGENCY) == (["Wonosari, Siwalan"], False)


def test_kecamatan_without_the_name_narrows_nothing() -> None:
    assert found("Wonosari Kajen", REGENCY) == (["Wonosari, Karanganyar", "Wonosari, Siwalan"], False)
    assert found("Medono Pekalongan Timur") == (["Medono, Pekalongan Barat"], False)


def test_village_named_like_another_kecamatan_is_not_sure() -> None:
    assert found("Karanganyar", REGENCY) == (["Karanganyar, Tirto"], False)
    assert found("Karanganyar Tirto", REGENCY) == (["Karanganyar, Tirto"], True)


# Anything at all -------------------------------------------------------------------------------------------


@given(typed=TYPED, pack=st.sampled_from(PACKS))
def test_find_never_raises(typed: str, pack: str) -> None:
    result = load_gazetteer(pack).find(typed)

    assert len(set(result.codes)) == len(result.codes) <= MAX_MATCHES
    assert set(result.codes) <= load_areas(pack).places.keys()
    assert not result.sure or len(result.codes) == 1


@pytest.mark.parametrize("pack", PACKS)
def test_exact_match_among_some_areas_returns_the_one_of_this_name(pack: str) -> None:
    gazetteer, areas = load_gazetteer(pack), load_areas(pack)
    for kecamatan in areas.regions:
        codes = areas.inside(kecamatan)
        assert [gazetteer.exact_match(f"desa {areas.places[code]} ", codes) for code in codes] == list(codes)


@pytest.mark.parametrize("typed", ["", "kleg", "medono", "klego klego", "k" * (MAX_CHARACTERS + 1)])
def test_exact_match_returns_nothing_for_any_other_text(typed: str) -> None:
    assert load_gazetteer(CITY).exact_match(typed, load_areas(CITY).inside("33.75.02")) == ""


def test_exact_match_returns_nothing_for_a_name_of_several() -> None:
    gazetteer, areas = load_gazetteer(REGENCY), load_areas(REGENCY)

    assert gazetteer.exact_match("wonosari", areas.places) == ""


# Slips of the hand -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("klgo", "Klego"),  # left out
        ("kelgo", "Klego"),  # swapped
        ("medonno", "Medono"),  # doubled
        ("jengot", "Jenggot"),
        ("krapyaak", "Krapyak"),
        ("podosugeh", "Podosugih"),  # replaced in a long name
        ("kali barus", "Kali Baros"),
        ("noyontansari", "Noyontaansari"),
        ("bohong", ""),  # replaced in a short name, or another word
        ("medona", ""),
        ("toko", ""),  # short
        ("benda", ""),  # the last letter
        ("lego", ""),  # the first one
        ("klego", ""),  # none
        ("klg", ""),  # two
        ("", ""),
    ],
)
def test_find_slip_keeps_first_and_last_letter(typed: str, name: str) -> None:
    code = load_gazetteer(CITY).find_slip(typed.split())

    assert load_areas(CITY).places.get(code, "") == name


def test_find_slip_returns_nothing_for_a_slip_between_two_names() -> None:
    assert load_gazetteer(REGENCY).find_slip(["kutorjo"]) == ""
    assert load_gazetteer(REGENCY).find_slip(["kutoreja"]) == ""
