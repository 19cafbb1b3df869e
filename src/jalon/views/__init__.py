"""What is said on each page: a request in, a frozen dataclass of documented fields out."""
