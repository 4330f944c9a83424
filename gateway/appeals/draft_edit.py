"""Pure: edit of a draft, with the fields to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.appeals.appeal import AppealDraft


@dataclass(frozen=True, slots=True)
class DraftEdit:
    """Fields of a draft to change. None leaves a field as it is.

    `texts` replace those of their languages, and an empty one removes its language. `slots` replace those of
    their names. `starts_at` counts only with `changes_start`, since None is a start too: on approval.
    """

    purpose: str | None = None
    template: str | None = None
    ticket: str | None = None
    channel: str | None = None
    audience: Mapping[str, Any] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    changes_start: bool = False

    def apply_to(self, draft: AppealDraft) -> AppealDraft:
        """Return `draft` with the changes.

        A new template removes the author's texts and the slots of the old one. A new text removes the template.
        """
        kept = {} if self.template else draft.texts
        is_same_template = not self.texts and self.template in (None, draft.template)
        return replace(
            draft,
            purpose=_or_unchanged(self.purpose, draft.purpose),
            template="" if self.texts else _or_unchanged(self.template, draft.template),
            ticket=_or_unchanged(self.ticket, draft.ticket),
            texts={language: text for language, text in {**kept, **self.texts}.items() if text.strip()},
            changes={
                language: replacements
                for language, replacements in draft.changes.items()
                if language in kept and language not in self.texts
            },
            slots={**(draft.slots if is_same_template else {}), **self.slots},
            audience=draft.audience if self.audience is None else self.audience,
            channel=_or_unchanged(self.channel, draft.channel),
            starts_at=self.starts_at if self.changes_start else draft.starts_at,
        )


def _or_unchanged(value: str | None, unchanged: str) -> str:
    return unchanged if value is None else value
