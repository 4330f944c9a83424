"""Packs with made-up answers: drawn at random, with a dialogue that asks each, and what a resident types at it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_PACK = """\
name: Two villages
service: Village watch
region: ID
timezone: Asia/Jakarta
languages: {en: English}
keys: {back: 0, back_elsewhere: 99, home: 00, more: 98}
"""
_WORDING = """\
navigation: {{back: Back, home: Start, more: More}}
errors: {{choice: "Not valid:", empty: "Nothing.", long: "Too long.", place: "Not found:", ticket: "Wrong:",
  lost: "Again:", number: "A number, {{least}}-{{most}}:", date: "Not clear:", no_day: "No such day:",
  future: "To come:", old: "Too old:", short: "Too short:"}}
labels:
  category: {{flood: Flood, fire: Fire}}
  answers: {{{labels}}}
screens:
  category: {{heading: "Happened?"}}
  village: {{heading: "Where?"}}
{screens}
  ticket: {{heading: "Ticket: {{ticket}}"}}
  saved: {{heading: "Saved."}}
  not_sent: {{heading: "Not sent."}}
sms: {{received: "Report {{ticket}}."}}
apology: "Sorry."
"""
_FLOW = """\
start: category
home: category
states:
  category: {{choose_from: categories, keep: category, next: village}}
  village: {{choose_from: kelurahan, keep: area, next: {first}}}
{states}
  send: {{do: file_report, then: {{filed: ticket, kept: saved, failed: not_sent}}}}
  ticket: {{end: true}}
  saved: {{end: true}}
  not_sent: {{end: true}}
"""
_AREAS = """\
code,name,kecamatan_code,kecamatan
33.75.01.1002,Medono,33.75.01,Pekalongan Barat
33.75.01.1003,Podosugih,33.75.01,Pekalongan Barat
"""
TYPES = ("choice", "number", "text", "date", "place")


@dataclass(frozen=True, slots=True)
class MadeUpForm:
    """Pack that asks made-up answers: its files, what is typed, and what should be read back, personal ones apart."""

    files: dict[str, str]
    typed: list[str]
    plain: dict[str, str]
    personal: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    declared: str
    state: str
    screen: str
    typed: str
    value: str


def made_up_form(random: Random, count: int) -> MadeUpForm:
    """Draw a pack with so many answers of its own."""
    names = random.sample(["depth", "people", "trend", "note", "spot", "seen", "x", "size_2", "rt"], count)
    answers, files = {}, {"pack.yaml": _PACK, "areas.csv": _AREAS, "categories.yaml": "- flood\n- fire\n"}
    plain: dict[str, str] = {}
    personal: dict[str, str] = {}
    for place, name in enumerate(names):
        following = f"ask_{names[place + 1]}" if place + 1 < count else "send"
        is_personal = random.random() < 0.3
        answers[name] = answer = _made_up(random, name, following, personal=is_personal)
        (personal if is_personal else plain)[name] = answer.value
    files["report.yaml"] = "answers:\n" + "".join(f"  {name}: {one.declared}\n" for name, one in answers.items())
    states = "\n".join(f"  ask_{name}: {one.state}" for name, one in answers.items())
    files["flow.yaml"] = _FLOW.format(first=f"ask_{names[0]}", states=states)
    screens = "\n".join(f"  ask_{name}: {one.screen}" for name, one in answers.items())
    labels = ", ".join(f"{name}: The {name}" for name in names)
    files["wording/en.yaml"] = _WORDING.format(labels=labels, screens=screens)
    return MadeUpForm(files, ["1", "2", *(one.typed for one in answers.values())], plain, personal)


def _made_up(random: Random, name: str, following: str, *, personal: bool) -> _Answer:
    type_, heading = random.choice(TYPES), 'heading: "Which?"'
    rest = f"keep: {name}, next: {following}"
    ending = ", personal: true}" if personal else "}"
    match type_:
        case "choice":
            options = random.sample(["knee", "waist", "roof", "dry"], 3)
            chosen = random.randrange(3)
            state = f"{{choose: {{{', '.join(f'{option}: {following}' for option in options)}}}, keep: {name}}}"
            screen = f"{{{heading}, {', '.join(f'{option}: The {option}' for option in options)}}}"
            return _Answer(f"{{type: choice{ending}", state, screen, str(chosen + 1), options[chosen])
        case "number":
            least = random.randrange(1, 500)
            most = least + random.randrange(9000)
            number = random.randint(least, most)
            declared = f"{{type: number, min: {least}, max: {most}{ending}"
            typed = f"{number:,}" if random.random() < 0.5 else str(number)
            return _Answer(declared, f"{{ask: number, {rest}}}", f"{{{heading}}}", typed, str(number))
        case "text":
            most = random.randrange(10, 60)
            text = "".join(random.choice("abc dé*1") for _ in range(most - 2)).strip() or "a"
            text = f"t{text}"
            return _Answer(f"{{type: text, max: {most}{ending}", f"{{ask: text, {rest}}}", f"{{{heading}}}", text, text)
        case "date":
            return _Answer(f"{{type: date{ending}", f"{{ask: date, {rest}}}", f"{{{heading}}}", "27/11", "2026-11-27")
    state = f"{{choose_from: kelurahan, {rest}}}"
    return _Answer(f"{{type: place{ending}", state, f"{{{heading}}}", "2", "33.75.01.1003")
