"""A pretend Pinterest for development, tests and demonstrations; it imports nothing of the rest of the project."""
