"""A test file has the name of the module that it tests, in a folder that mirrors the package."""

from __future__ import annotations

from tests.architecture.documents import ROOT

FEWEST_PER_HUNDRED = 75


def test_most_modules_have_a_test_file_of_their_name() -> None:
    package = ROOT / "gateway"
    modules = [
        path.relative_to(package)
        for path in package.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py", "tables.py") and "migrations" not in path.parts
    ]

    untested = [
        str(module)
        for module in sorted(modules)
        if not (ROOT / "tests" / module.with_name(f"test_{module.name}")).exists()
    ]

    share = 100 * (len(modules) - len(untested)) / len(modules)
    assert share >= FEWEST_PER_HUNDRED, f"{share:.0f} of 100 have one; these do not: {', '.join(untested)}"
