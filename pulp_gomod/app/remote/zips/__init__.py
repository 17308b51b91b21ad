"""The zips of a remote: fetched to disk, verified, stored."""
