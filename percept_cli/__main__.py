"""The ``percept`` command, also as ``python -m percept_cli``."""

import os
from contextlib import suppress
from typing import NoReturn

from percept_cli import signals


def main() -> NoReturn:
    """Run the command; a request to end is answered the same while the command itself is still being imported."""
    try:
        signals.listen()
        from percept_cli.cli import main as run

        run()
    except KeyboardInterrupt:
        with suppress(OSError):  # a terminal that is gone
            os.write(2, f"{signals.in_words()}; nothing was written.\n".encode())
        os._exit(signals.exit_code())


if __name__ == "__main__":
    main()
