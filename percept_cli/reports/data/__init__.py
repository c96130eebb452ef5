"""Reports that programs read, and reading them back."""
