"""`python -m gateway` is the command `waspada`."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # exit status of a command that Ctrl-C has ended, as shells use it


def main() -> None:
    """Run the command. Ctrl-C ends it without a traceback, also while its modules are imported."""
    try:
        from gateway.cli import main as command  # noqa: PLC0415 - inside, so that Ctrl-C finds the handler

        command()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
