"""Schema of roles.yaml: the roles of people that a pack declares."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, RootModel, StringConstraints

from gateway.menu.kinds.fields import Name
from gateway.menu.pack.rules_schema import TimeOfDay
from gateway.menu.pack.schema import StrictModel

ANY_LANGUAGE = ""


def _labels(written: object) -> object:
    """Return labels by language. A single text is the label in any language."""
    return {ANY_LANGUAGE: written} if isinstance(written, str) else written


class RoleShape(StrictModel):
    """Role of people in roles.yaml. `label` is a text for all languages, or one for each."""

    label: Annotated[dict[str, str], BeforeValidator(_labels)] = Field(default_factory=dict)
    meaning: Annotated[str, StringConstraints(max_length=200)] = ""
    reports_without_limit: bool = False
    alerted: bool = False
    needs_areas: bool = False
    daily_report_by: TimeOfDay | None = None


class RolesShape(RootModel[dict[Name, RoleShape]]):
    """Schema of roles.yaml."""
