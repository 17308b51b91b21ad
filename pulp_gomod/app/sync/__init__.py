"""Sync: what is asked for by name is fetched from a remote, and made one repository version.

wanted       what somebody asks for: module names, a go.sum, a go.mod
failures     what could not be had, and why
source       the remote, asked the way pull-through asks it
held         what the repository has already
plan, listing    which files that makes, once lists and go.mod files have been read
downloading  the files
opening      the remote outside of the content app

`wanted` is for the API, too, and imports nothing of `upstream`. The task is `tasks/sync.py`.
"""
