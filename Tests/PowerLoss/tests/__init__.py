"""The tests, in one file a subject."""
