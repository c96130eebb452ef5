"""How is a run made on more than one machine? Reports of its parts become one."""
