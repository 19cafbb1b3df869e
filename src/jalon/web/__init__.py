"""The web application: pages, exports and the JSON of every page, on this machine only."""
