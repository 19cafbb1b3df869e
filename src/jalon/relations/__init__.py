"""A table and columns in, one checked query out: expressions, links, clocks, derived columns."""
