"""The ``percept`` command, also as ``python -m percept_cli``."""

import os
from typing import NoReturn


def main() -> NoReturn:
    """Run the command; Ctrl-C is answered the same while the command itself is still being imported."""
    try:
        from percept_cli.cli import main as run

        run()
    except KeyboardInterrupt:
        os.write(2, b"Interrupted; nothing was written.\n")
        os._exit(130)
    except (ImportError, MemoryError, SyntaxError) as error:  # of what every command needs
        told = f"Error: percept cannot be loaded: {error or 'not enough memory'}\nHint: install percept again.\n"
        os.write(2, told.encode("utf-8", "backslashreplace"))
        os._exit(4)


if __name__ == "__main__":
    main()
