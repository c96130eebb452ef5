"""How is a difference painted? The colour scale, overlays, sheets and heat-map files."""
