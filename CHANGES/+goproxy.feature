Publish Go modules with `PUT /api/packages/{owner}/go/upload`, remove them with `DELETE`, and serve them by the GOPROXY protocol below `/api/packages/{owner}/go` and Pulp's content prefix.
