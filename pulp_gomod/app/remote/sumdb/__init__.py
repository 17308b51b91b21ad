"""The checksum database of a remote: where it is, and what it proves."""
