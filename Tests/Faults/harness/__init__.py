"""What the cases have in common: a throw-away installation, made pictures, and the checker of what must hold."""
