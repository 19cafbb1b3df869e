"""A workspace held by a running server: the same door, from another process."""
