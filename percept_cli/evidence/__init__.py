"""Where and how do two pictures differ? Changes, displacement, places, noise, colour."""
