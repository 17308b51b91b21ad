"""Asking another GOPROXY on behalf of a repository: returns values, and knows nothing of our own HTTP."""
