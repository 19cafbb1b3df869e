"""One process holds a workspace for all: readers beside the one that writes."""
