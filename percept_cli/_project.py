"""Where the project lives: one setting for all addresses that percept prints."""

OWNER = "OWNER"
"""Who hosts the repository, until it is published a placeholder."""
REPOSITORY = f"https://github.com/{OWNER}/percept"
DOCS = f"https://{OWNER.lower()}.github.io/percept"
"""The documentation site; pages are below it, such as ``/reference/exit-codes.html``."""
