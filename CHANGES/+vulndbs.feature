`gomod/vulndbs/` mirrors databases of vulnerabilities whole, from a URL or an uploaded `vulndb.zip`, and reports of malicious modules in OSV
format: a newer one takes the place of the one before at once, and one that is broken never does.
