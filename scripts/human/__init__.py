"""How well distances agree with people, on RAID's answers and stimuli that are rebuilt here (see README.md)."""
