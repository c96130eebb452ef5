"""The ``percept`` command, also as ``python -m percept_cli``."""

import os
from contextlib import suppress
from typing import NoReturn

from percept_cli.system import signals


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
    except (ImportError, MemoryError, SyntaxError) as error:  # of what every command needs
        told = f"Error: percept cannot be loaded: {error or 'not enough memory'}\nHint: reinstall percept.\n"
        os.write(2, told.encode("utf-8", "backslashreplace"))
        os._exit(4)


if __name__ == "__main__":
    main()
