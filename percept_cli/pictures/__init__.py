"""Pictures for people: the colours of a heat map, and files as a browser can show them."""
