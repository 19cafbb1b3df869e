"""Speed as ratios in one run: `make bench`, or `python -m bench imports|measures [--rows N]`."""
