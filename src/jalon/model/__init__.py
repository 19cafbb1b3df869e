"""What everything else agrees on: tables, problems, periods, money."""
