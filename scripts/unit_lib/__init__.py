"""The parts of scripts/try-unit: a machine in a container with Cultivar installed, and what is tried in it."""
