"""By what recipe? Its specification and fingerprint, presets and settings."""

DEFAULT = "default"
RENDER = "render"
"""The preset that ``percept check`` measures with; the other commands take the default one."""
