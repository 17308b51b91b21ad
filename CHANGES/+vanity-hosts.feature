Distributions answer `?go-get=1`, for module paths below their own URL and below the hosts listed in `vanity_hosts`: `go get go.example.com/x` works with `GOPROXY=direct`.
