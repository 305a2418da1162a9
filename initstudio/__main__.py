"""The command line: opens the window, or runs, lists and describes without one."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status.

    0: done. 1: something failed on the way. 2: bad input, and one line on stderr,
    `error: WHERE: WHY`. 130: Ctrl-C, with what was trained kept.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["--engine"]:
        # decided before anything of Qt or of the command line is loaded
        from initstudio.engine import host  # noqa: PLC0415

        return host.main()
    from initstudio import commands  # noqa: PLC0415

    return commands.main(words)


if __name__ == "__main__":
    sys.exit(main())
