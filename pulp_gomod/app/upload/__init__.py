"""Publishing to and removing from the owner of a GOPROXY: `/api/packages/{owner}/go`. Runs in the API."""
