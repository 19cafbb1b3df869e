"""Engines run SQL and answer in Arrow; what one lacks is declared."""
