Below a GOPROXY, `v1/` answers as pkg.go.dev's API does for what a distribution serves: documentation, symbols, versions, importers and
search of private modules, for those who may download them.
