"""Ways of saying what was measured: JSON records, formatted numbers."""
