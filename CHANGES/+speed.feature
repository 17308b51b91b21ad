Answer from memory what was asked before, private files included, at the rate of the fastest proxies, and show every change to the very next request.
