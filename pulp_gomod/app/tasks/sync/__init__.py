"""
Sync: what is asked for by name is fetched from a remote, and made one repository version.

`wanted` describes what may be asked for; the API reads it, too, so it imports nothing of `remote`.
"""
