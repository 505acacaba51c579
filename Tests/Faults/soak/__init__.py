"""The long run: random drops, kills and clock changes, with memory and descriptors watched."""
