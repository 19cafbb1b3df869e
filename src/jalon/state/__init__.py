"""What is kept beside the data: the journal of imports."""
