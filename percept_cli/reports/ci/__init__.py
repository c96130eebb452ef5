"""Reports for pipelines."""
