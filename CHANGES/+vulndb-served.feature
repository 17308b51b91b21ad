A distribution whose `vulndb` names a vulnerability database serves it below its URL: `govulncheck -db <GOPROXY>/vulndb` and `GOVULNDB` work
without the internet, with the same guard and the same credentials as modules.
`vulndb/vulndb.zip` is the whole of it, so that one server can mirror another.
