"""What `tests.corpus.judge` is made of: percept and public tools on the labelled pairs, and the tables."""
