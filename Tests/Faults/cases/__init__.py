"""The cases, one file a group; `run` finds them by their names."""
