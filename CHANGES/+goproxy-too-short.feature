A go command whose `GOPROXY` is the server's own URL is told what a GOPROXY here looks like, instead of a bare 404.
