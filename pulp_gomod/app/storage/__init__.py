"""What may come into a repository, how it is stored, and what a storage that fails looks like."""
