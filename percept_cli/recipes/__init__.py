"""By what recipe? Its specification and fingerprint, presets and settings."""
