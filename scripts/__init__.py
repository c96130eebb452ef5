"""Scripts that make files of the package from published ones."""
