"""Files → pictures. Every error of an input file is found here."""
