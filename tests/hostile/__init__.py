"""Text that nobody means well with, put into every field of every service, and what must never come of it."""
