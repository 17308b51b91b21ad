What was asked for before is answered from memory, private files included, at the rate of the fastest proxies, and every change is visible to the very next request.
