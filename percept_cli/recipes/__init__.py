"""By what recipe? Its specification and fingerprint, presets and settings."""

DEFAULT = "default"
"""The preset of every command, and of the functions that compare files."""
FIVE_TAPS = "five-taps"
"""The preset of ``PerceptualDistance``: a loss has had these layers since there is one."""
