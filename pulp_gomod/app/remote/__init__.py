"""What is asked of remotes; see `upstream`, which moves here."""
