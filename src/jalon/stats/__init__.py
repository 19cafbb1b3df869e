"""Statistics on arrays, pure numpy and scipy.special: no table, no file, no group by name."""
