"""What a distribution serves: which repository version, to whom, and what is in it."""
