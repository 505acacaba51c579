"""Logs what reaches a disk, takes the power away at any moment, and looks what the daemon makes of what is left."""
