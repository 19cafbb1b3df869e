"""Plan, compile, run: from a question to figures with their intervals, SQL and rows."""
