"""The owned file: versions of every row, links as data, flat current tables, undo."""
