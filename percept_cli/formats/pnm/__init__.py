"""PGM, PPM and PAM."""
