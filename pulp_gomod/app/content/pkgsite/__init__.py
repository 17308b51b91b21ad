"""
The API of pkg.go.dev (`v1/` below a GOPROXY), answered with what a distribution serves.

serve -> from request to response; answers -> what each endpoint says; resolving -> which module version is meant;
queries -> the SQL; params, filters -> what a query says; errors -> answers that say no

Its shapes are those of golang.org/x/pkgsite/internal/api, whose client works with this one. It asks no upstream.
"""
