"""``python -m percept_cli``: the same as the ``percept`` command."""

from percept_cli.cli import main

if __name__ == "__main__":
    main()
