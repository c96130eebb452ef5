"""The scripts that draw the corpus: `python -m tests.corpus.make`."""
