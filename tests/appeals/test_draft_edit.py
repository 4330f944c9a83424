"""Edits of a draft: fields that are not given stay, texts and template replace each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gateway.appeals.draft_edit import DraftEdit
from gateway.text.gsm import Replacement
from tests.helpers.appeals import DRAFT, OWN_TEXTS

START = datetime(2026, 11, 25, 2, tzinfo=UTC)


def test_empty_edit_changes_nothing() -> None:
    assert DraftEdit().apply_to(OWN_TEXTS) == OWN_TEXTS


def test_edit_replaces_the_fields_that_it_has() -> None:
    edit = DraftEdit(purpose="Calm", ticket="12345678", channel="b", audience={"roles": ["camat"]})

    edited = edit.apply_to(DRAFT)

    assert edited == replace(DRAFT, purpose="Calm", ticket="12345678", channel="b", audience={"roles": ["camat"]})


def test_edit_replaces_a_text_and_removes_an_empty_one() -> None:
    edited = DraftEdit(texts={"id": "Damai. STOP", "jv": " "}).apply_to(OWN_TEXTS)

    assert edited.texts == {"id": "Damai. STOP"}


def test_edit_keeps_the_replacements_of_unchanged_texts_only() -> None:
    replacements = (Replacement("\u2026", "...", 0),)
    draft = replace(OWN_TEXTS, changes={"id": replacements, "jv": replacements})

    edited = DraftEdit(texts={"id": "Damai. STOP"}).apply_to(draft)

    assert edited.changes == {"jv": replacements}


def test_new_text_removes_the_template_and_a_new_template_the_texts() -> None:
    with_text = DraftEdit(texts={"id": "Damai. STOP"}).apply_to(DRAFT)
    with_template = DraftEdit(template="damai").apply_to(OWN_TEXTS)

    assert (with_text.template, with_text.texts) == ("", {"id": "Damai. STOP"})
    assert (with_template.template, with_template.texts) == ("damai", {})


def test_edit_sets_a_start_and_takes_it_away() -> None:
    scheduled = replace(DRAFT, starts_at=START)

    assert DraftEdit().apply_to(scheduled).starts_at == START
    assert DraftEdit(starts_at=START, changes_start=True).apply_to(DRAFT).starts_at == START
    assert DraftEdit(changes_start=True).apply_to(scheduled).starts_at is None
