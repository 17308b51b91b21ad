"""Who asks, and with what right: the same for downloads, uploads and removals.

    header -> what was sent to prove an identity
    secret, tokens -> tokens of ours
    passwords -> passwords that were verified a short while ago
    callers, authenticators -> who it is, in the content app and in the API
    guards -> what a content guard says of that
    rights -> what a user may do to a repository
    decisions, lanes -> asking seldom, and not on the event loop

Imports point up this list's order: nothing here knows of HTTP responses.
"""
