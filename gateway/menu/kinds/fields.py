"""Types of values in the files of a pack that more than one schema uses."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.menu.definitions.report_form import LARGEST_NUMBER
from gateway.menu.limits import USSD_STRING

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


STRICT = ConfigDict(extra="forbid", frozen=True)
"""Configuration of a schema that refuses every key it does not name."""


class InputLimitsShape(BaseModel):
    """Fewest and most characters of a typed text, or bounds of a typed number."""

    model_config = STRICT

    min: int = Field(default=1, ge=0)
    max: int = Field(default=USSD_STRING, ge=1, le=LARGEST_NUMBER)
