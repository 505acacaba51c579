"""Runs each piece of work with Cultivar and with its peers, in turn, and compares the times."""
