"""Publishing to and removing from the owner of a GOPROXY: `/api/packages/{owner}/go`.

body, claims -> what was sent
waiting -> the change becomes a repository version
views -> the two routes
"""
