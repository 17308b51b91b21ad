"""
Who asks, and with what right: the same for downloads, uploads and removals.

For the API and the content app alike, so nothing here knows of HTTP responses.
"""
