The OpenAPI schema has the paths of a GOPROXY, including publishing and removing, and the responses to refused requests.
