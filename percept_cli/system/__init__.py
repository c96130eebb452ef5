"""What does the machine give? Memory, locks, names of files, atomic writes."""
