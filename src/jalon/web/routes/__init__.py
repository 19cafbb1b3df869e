"""The addresses of the application, a module a subject."""
