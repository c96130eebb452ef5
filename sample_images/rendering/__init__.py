"""The pictures behind the sample pairs, drawn from geometry with numpy and Pillow."""
