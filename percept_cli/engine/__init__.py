"""The engine: plan, features, distances. Prints nothing and reads no file but weights."""
