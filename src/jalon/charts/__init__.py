"""Charts: one Altair specification a kind, rendered to SVG on the server."""
