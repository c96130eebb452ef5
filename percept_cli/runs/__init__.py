"""What outlives a run? Its journal, the results that wait for their report, and approved baselines."""
