"""Tests of what files hold, by module of the room."""
