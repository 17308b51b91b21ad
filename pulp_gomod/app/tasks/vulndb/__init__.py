"""Mirroring databases of vulnerabilities, and looking in them for what repositories hold."""
