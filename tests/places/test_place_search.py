"""Search of places in a text: an exact name is taken, a similar one is asked, an everyday word is neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.places.gazetteer import MAX_MATCHES, Gazetteer
from gateway.places.place_search import MAX_SEARCHED_WORDS, PlaceSearch, PlacesInText
from tests.helpers.menus import MENUS
from tests.helpers.place_packs import CITY, PACKS, REGENCY, SECOND_CITY, areas_of, load_areas

ONE, TWO, THREE = "33.75.01.1001", "33.75.01.1002", "33.75.02.1001"


def read(text: str, pack: str = CITY) -> PlacesInText:
    return MENUS[pack].place_search.read(text.lower().split())


def names(found: PlacesInText, pack: str = CITY) -> list[str]:
    areas = load_areas(pack)
    return [f"{areas.places[code]}, {areas.regions[areas.parents[code]]}" for code in found.codes]


# A name written exactly ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pack", "place", "size"),
    [
        ("klego", CITY, "Klego, Pekalongan Timur", 1),
        ("klego rt 3", CITY, "Klego, Pekalongan Timur", 1),
        ("klego gg 5 rt 02 rw 03", CITY, "Klego, Pekalongan Timur", 1),
        ("kel klego kec pekalongan timur ribut", CITY, "Klego, Pekalongan Timur", 5),
        ("rsud bendan", CITY, "Bendan Kergon, Pekalongan Barat", 0),
        ("jl klego no 7", CITY, "Klego, Pekalongan Timur", 0),
        ("dukuh klego ribut", CITY, "Klego, Pekalongan Timur", 2),
        ("soko klego nganti medono", CITY, "", 0),
        ("soko klego", CITY, "Klego, Pekalongan Timur", 0),
        ("podo sugih ribut", CITY, "Podosugih, Pekalongan Barat", 2),
        ("soko duwet", CITY, "Sokoduwet, Pekalongan Selatan", 2),
        ("panjang ribut ya panjang wetan", CITY, "Panjang Wetan, Pekalongan Utara", 0),
        ("kutorojo", REGENCY, "Kutorojo, Kajen", 1),
        ("kutorejo kajen banjir", REGENCY, "Kutorejo, Kajen", 2),
        ("banjir di pasar kajen", REGENCY, "Kajen, Kajen", 0),
        ("di pasar banjarsari ribut", REGENCY, "Banjarsari, Talun", 0),
        ("siwalan wonosari banjir", REGENCY, "Wonosari, Siwalan", 2),
        ("banjir di wonosari kec siwalan", REGENCY, "Wonosari, Siwalan", 0),
        ("wonosari rt 3 rw 2 siwalan banjir", REGENCY, "Wonosari, Siwalan", 1),
        ("wonosari dusun krajan kec siwalan", REGENCY, "Wonosari, Siwalan", 1),
        ("banjir di yosorejo rt 01 kec siwalan", REGENCY, "Yosorejo, Siwalan", 0),
        ("kutorojo rt 2 kajen", REGENCY, "Kutorojo, Kajen", 1),
        ("api api kebanjiran", REGENCY, "Api-Api, Wonokerto", 2),
    ],
)
def test_name_written_exactly_is_sure(text: str, pack: str, place: str, size: int) -> None:
    found = read(text, pack)

    assert (names(found, pack) if found.area else [""]) == [place]
    assert not place or (found.sure, found.size) == (True, size)


@pytest.mark.parametrize(
    ("text", "pack", "places"),
    [
        ("antara poncol dan klego", CITY, ["Poncol, Pekalongan Timur", "Klego, Pekalongan Timur"]),
        ("medono pekalongan timur", CITY, ["Medono, Pekalongan Barat"]),
        ("kelgo dekat medono", CITY, ["Klego, Pekalongan Timur", "Medono, Pekalongan Barat"]),
        ("wonosari banjir", REGENCY, ["Wonosari, Karanganyar", "Wonosari, Siwalan"]),
        ("banjir di wonosari", REGENCY, ["Wonosari, Karanganyar", "Wonosari, Siwalan"]),
        ("banjir di wonosari kajen", REGENCY, ["Wonosari, Karanganyar", "Wonosari, Siwalan", "Kajen, Kajen"]),
        ("karanganyar banjir", REGENCY, ["Karanganyar, Tirto"]),
        ("kec kajen banjir", REGENCY, ["Kajen, Kajen"]),
        ("banjir di kec sragi", REGENCY, ["Sragi, Sragi"]),
        ("ada banjir di kecamatan sragi parah", REGENCY, ["Sragi, Sragi"]),
        ("kajen kesesi banjir", REGENCY, ["Kajen, Kajen", "Kesesi, Kesesi"]),
    ],
)
def test_several_places_or_a_doubtful_kecamatan_are_asked(text: str, pack: str, places: list[str]) -> None:
    found = read(text, pack)

    assert found.area == ""
    assert sorted(names(found, pack)) == sorted(places)


# Everyday words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(
    "text",
    [
        "toko dibakar massa",
        "di toko emas massa ribut",
        "soko ngendi wae",
        "amplop soko lurah",
        "sopo sing ribut",
        "soto dijarah",
        "baris massa ribut",
        "kaum muda ribut",
        "bandeng dijarah",
        "banjir setinggi lutut",
        "sumur kotor",
        "di pasar ribut sekali",
        "pasar ribut",
        "semua kebanjiran",
        "tahun lalu",
        "bohong semua",
        "benda dijarah",
    ],
)
def test_everyday_words_are_no_place(text: str, pack: str) -> None:
    assert read(text, pack).area == ""


@pytest.mark.parametrize("pack", [CITY, SECOND_CITY])
@pytest.mark.parametrize(
    "text", ["pasar banjarsari", "di pasar banjarsari ribut", "pasar kajen", "ribut di pasar kajen"]
)
def test_market_of_elsewhere_is_no_place(text: str, pack: str) -> None:
    assert read(text, pack) == PlacesInText()


@pytest.mark.parametrize(
    ("text", "pack", "area"),
    [
        ("soko", CITY, True),  # the whole answer
        ("di soko", CITY, True),
        ("kel soko ribut", CITY, True),
        ("ribut di kelurahan soko", CITY, True),
        ("soko pekalongan selatan ribut", CITY, True),
        ("soko ribut", CITY, False),
        ("ribut di soko", CITY, False),
        ("pkk", CITY, True),
        ("ibu pkk bagi amplop", CITY, False),
        ("podo", REGENCY, True),
        ("desa podo banjir", REGENCY, True),
        ("podo kedungwuni banjir", REGENCY, True),
        ("podo banjir", REGENCY, False),
        ("podo dadi korban", REGENCY, False),  # written together it is another desa
        ("pododadi banjir", REGENCY, True),
        ("panggung roboh", SECOND_CITY, False),
        ("kel panggung ribut", SECOND_CITY, True),
    ],
)
def test_name_that_is_an_everyday_word_needs_more_than_itself(text: str, pack: str, area: bool) -> None:
    assert bool(read(text, pack).area) == area


@pytest.mark.parametrize(
    ("text", "pack", "area"),
    [
        ("banjir sawah jagung rusak", REGENCY, ""),
        ("banjir kebun jagung", REGENCY, ""),
        ("jagung rusak kebanjiran", REGENCY, ""),
        ("jagung", REGENCY, "Jagung"),
        ("banjir di jagung rusak parah", REGENCY, "Jagung"),
        ("banjir di balai desa jagung", REGENCY, "Jagung"),
        ("jagung kesesi banjir", REGENCY, "Jagung"),
        ("kebakaran pabrik kemasan plastik", REGENCY, ""),
        ("gudang kemasan terbakar", REGENCY, ""),
        ("longsor jalan ke curug bajing", REGENCY, ""),
        ("longsor di curug bajing", REGENCY, ""),
        ("desa curug longsor", REGENCY, "Curug"),
        ("banyak semut api", REGENCY, ""),
        ("semut api menyerang warga", REGENCY, ""),
        ("wonten semut kathah", REGENCY, ""),
        ("ing semut banjir", REGENCY, "Semut"),
        ("longsor pohon rengas tumbang", REGENCY, ""),
        ("pohon duwet roboh", REGENCY, ""),
        ("wit pucung rubuh", REGENCY, ""),
        ("pohon tanjung tumbang", REGENCY, ""),
        ("ada tanjung longsor", REGENCY, ""),
        ("rasanya pait", REGENCY, ""),
        ("menjangan masuk kampung", REGENCY, ""),
        ("gembong begal ditangkap", REGENCY, ""),
        ("anak brondong ribut", REGENCY, ""),
        ("tanaman larikan rusak", REGENCY, ""),
        ("rombongan purworejo ribut", REGENCY, ""),
        ("bus sukoharjo masuk jurang", REGENCY, ""),
        ("manuk doro ilang", REGENCY, ""),
        ("pohon siwalan tumbang", REGENCY, ""),
        ("rombongan dari bandung ribut", SECOND_CITY, ""),
        ("bus dari bandung dilempari batu", SECOND_CITY, ""),
        ("suporter bandung ribut", SECOND_CITY, ""),
        ("kel bandung ribut", SECOND_CITY, "Bandung"),
        ("ribut di bandung", SECOND_CITY, "Bandung"),
        ("warung sate pak duwet ribut", CITY, ""),
        ("orang jenggot panjang ribut", CITY, ""),
        ("gamer berkelahi", CITY, ""),
    ],
)
def test_name_that_is_also_a_thing_is_a_place_only_where_it_says_so(text: str, pack: str, area: str) -> None:
    found = read(text, pack)

    assert (names(found, pack) if found.area else [""])[0].partition(",")[0] == area


@pytest.mark.parametrize(
    ("text", "pack", "area"),
    [
        ("jenggot tawuran", CITY, "Jenggot"),
        ("gamer", CITY, "Gamer"),
        ("bandung ribut", SECOND_CITY, "Bandung"),
        ("jagung rumah terendam", REGENCY, "Jagung"),
        ("sawah jagung rusak", REGENCY, ""),
        ("soko ribut", CITY, ""),
    ],
)
def test_name_directly_behind_a_code_is_a_place_also_if_it_is_a_thing(text: str, pack: str, area: str) -> None:
    found = MENUS[pack].place_search.read(text.split(), behind_code=True)

    assert (names(found, pack) if found.area else [""])[0].partition(",")[0] == area


@pytest.mark.parametrize(
    "text",
    [
        "massa dari klego ribut",
        "ribut orang dari klego pekalongan timur",
        "konvoi ke medono ricuh",
        "pak medono dipukul",
        "warung klego terbakar",
        "bus klego dilempari",
    ],
)
def test_name_behind_a_word_for_elsewhere_is_only_offered(text: str) -> None:
    found = read(text)

    assert (found.area, bool(found.codes)) == ("", True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("orang dari klego ribut di medono", "Medono"),
        ("warga klego dipukul di medono", "Medono"),
        ("polisi ke klego ada ribut", "Klego"),
        ("antara klego dan medono", ""),
    ],
)
def test_name_behind_a_word_for_here_decides_between_several(text: str, name: str) -> None:
    assert MENUS[CITY].areas.places.get(read(text).area, "") == name


@pytest.mark.parametrize("text", ["pak klego", "dari klego", "warung klego"])
def test_word_for_elsewhere_may_stand_in_an_answer(text: str) -> None:
    assert names(read(text)) == ["Klego, Pekalongan Timur"]
    assert MENUS[CITY].place_search.find(text).sure


def test_everyday_word_at_the_beginning_is_suggested_where_nothing_else_is_named() -> None:
    assert names(read("dukuh ribut")) == ["Padukuhan Kraton, Pekalongan Utara"]
    assert names(read("dukuh ribut ing klego")) == ["Klego, Pekalongan Timur"]


# Similar names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("klgo", "Klego, Pekalongan Timur"),
        ("kelgo ribut", "Klego, Pekalongan Timur"),
        ("jengot", "Jenggot, Pekalongan Selatan"),
        ("medno rt 4", "Medono, Pekalongan Barat"),
        ("di podosugeh ribut", "Podosugih, Pekalongan Barat"),
        ("kali barus ribut", "Kali Baros, Pekalongan Timur"),
    ],
)
def test_slip_in_the_first_words_is_understood(text: str, place: str) -> None:
    found = read(text)

    assert (found.sure, found.slip, names(found)) == (False, True, [place])


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("ada tawuran di klgo", ["Klego, Pekalongan Timur"]),  # among other words
        ("kelgo pekalongan utara ribut", ["Klego, Pekalongan Timur"]),  # it lies elsewhere
        ("medona ribut", ["Medono, Pekalongan Barat"]),  # more than a slip
        ("kuripan ribut", ["Kuripan Kertoharjo, Pekalongan Selatan", "Kuripan Yosorejo, Pekalongan Selatan"]),
    ],
)
def test_anything_else_that_is_similar_is_asked(text: str, places: list[str]) -> None:
    found = read(text)

    assert found.area == ""
    assert names(found) == places


@pytest.mark.parametrize("text", ["banyu urip ribut", "di pasar medno", "pasarr baru saja", "warga klegi"])
def test_window_with_a_foreign_everyday_word_is_similar_to_nothing(text: str) -> None:
    assert read(text).area == ""


def test_everyday_word_of_the_name_itself_may_stand_beside_a_slip() -> None:
    areas = areas_of({ONE: "Kali Baros", TWO: "Kalibening"})
    search = PlaceSearch(Gazetteer(areas), ["kali"])

    assert search.read(["kali", "barros"]).area == ONE
    assert search.read(["kali", "benning"]).area == ""


# Answers to the question for a place ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "klego rt 3",
        "klego gg 5 rt 02 rw 03",
        "kel klego kec utara",
        "jl. Hos no 3, klego",
        "belakang pasar KLEGO",
        "Klego!",
    ],
)
def test_find_understands_an_address(typed: str) -> None:
    found = MENUS[CITY].place_search.find(typed)

    assert (found.codes, found.sure) == (("33.75.02.1008",), True)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("wonosari rt 3 siwalan", "Wonosari, Siwalan"),
        ("wonosari, rt 3, kec. siwalan", "Wonosari, Siwalan"),
        ("kutorojo rt 2 kajen", "Kutorojo, Kajen"),
        ("balai desa kutorejo, kajen", "Kutorejo, Kajen"),
        ("pasar kajen", "Kajen, Kajen"),
    ],
)
def test_find_narrows_an_address_to_its_kecamatan(typed: str, place: str) -> None:
    found = MENUS[REGENCY].place_search.find(typed)

    assert (names(PlacesInText(found.codes), REGENCY), found.sure) == ([place], True)


@pytest.mark.parametrize(
    ("typed", "pack", "count"),
    [
        ("tirto atau medono", CITY, 2),
        ("klego dekat medono", CITY, 2),
        ("banjir wonosari dan siwalan", REGENCY, 3),
        ("medono pekalongan timur", CITY, 1),
        ("kec kajen", REGENCY, 1),
    ],
)
def test_find_offers_all_places_of_an_answer_that_names_several(typed: str, pack: str, count: int) -> None:
    found = MENUS[pack].place_search.find(typed)

    assert (len(found.codes), found.sure) == (count, False)


@pytest.mark.parametrize("typed", ["klgo", "klgo rt 3", "rt 3 klgo", "toko"])
def test_find_offers_what_is_similar(typed: str) -> None:
    found = MENUS[CITY].place_search.find(typed)

    assert not found.sure
    assert len(found.codes) == 1


@given(
    text=st.text(max_size=120)
    | st.lists(st.sampled_from(["klego", "kec", "kajen", "podo", "di", "soko", "wonosari", "3", "rt"])).map(" ".join)
)
def test_search_never_raises_and_names_known_areas(text: str) -> None:
    for pack in PACKS:
        search, areas = MENUS[pack].place_search, load_areas(pack)
        found, answer = search.read(text.split()), search.find(text)

        assert set(found.codes) <= areas.places.keys()
        assert not (found.sure or found.slip) or len(found.codes) == 1
        assert found.size <= min(len(text.split()), MAX_SEARCHED_WORDS)
        assert len(answer.codes) <= MAX_MATCHES
        assert not answer.sure or len(answer.codes) == 1
