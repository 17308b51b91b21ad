"""The conditions of policies, a file each, and what they look up: since when a version is known, its licences."""
