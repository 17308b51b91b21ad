"""The GOPROXY protocol as the content app serves it.

    request path -> paths -> which module
    distributions -> which repository version (one statement)
    modules, latest -> what it holds (one statement)
    responses -> conditional requests, ranges, headers

Reference: go.dev/ref/mod#goproxy-protocol.
"""
