"""What does this file hold? One module or folder a format."""
