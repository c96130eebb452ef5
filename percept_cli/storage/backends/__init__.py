"""One module for each kind of store, all with the same few requests."""
