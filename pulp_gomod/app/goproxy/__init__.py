"""The GOPROXY protocol as the content app serves it.

routes, handler    from a request to a response
paths              which module, version and file
distributions, distribution_statements, resolver    which repository version
guard              may it be read
modules, statements  what the repository version holds
blocked            the same without what is blocked
lookups, compiled, prepared, database, warming    asking PostgreSQL
answers, remembered    what was asked before
loop_watch         does something hold the event loop
storages, files    where the zips are
responses          conditional requests, ranges, headers

In front of all that, for requests like those before:

entrance, shortcut    between a connection and aiohttp
patterns, memory   a request that differs in its path only, and its answer, if that is known
ready, kept, sent_again    responses as bytes

Reference: go.dev/ref/mod#goproxy-protocol.
"""
