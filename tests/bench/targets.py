"""Figures with a target: printed with it, and remembered if missed."""

from __future__ import annotations


class Targets:
    """Figures of one run that missed their targets."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def at_most(self, what: str, figure: float, bound: float, unit: str, digits: int = 0) -> None:
        """Print a figure that must not be higher than `bound`."""
        self._tell(what, f"{figure:.{digits}f} {unit}", f"at most {bound:g}", figure <= bound)

    def at_least(self, what: str, figure: float, bound: float, unit: str, digits: int = 0) -> None:
        """Print a figure that must not be lower than `bound`."""
        self._tell(what, f"{figure:.{digits}f} {unit}", f"at least {bound:g}", figure >= bound)

    def _tell(self, what: str, figure: str, bound: str, met: bool) -> None:
        if not met:
            self.missed.append(what)
        print(f"{what}: {figure} ({bound}: {'met' if met else 'MISSED'})")
