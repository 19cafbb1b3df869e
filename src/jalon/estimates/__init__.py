"""One module an estimator: the fields it reads, its aggregates, how they finish."""
