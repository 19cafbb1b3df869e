"""From files as people have them to typed rows, with the reason of each decision."""
