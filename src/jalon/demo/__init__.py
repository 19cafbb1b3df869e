"""The demo: a seeded French company whose truths are known, for users, docs and tests."""
