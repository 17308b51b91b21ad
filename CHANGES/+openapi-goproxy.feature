The OpenAPI schema has the paths of a GOPROXY, publishing and removing included, and what refused requests are answered.
