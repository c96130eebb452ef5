"""What does a test hold? The fixture of the pytest plugin, and how a picture is judged in a test."""
