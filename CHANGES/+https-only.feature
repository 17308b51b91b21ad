A 401 for missing credentials says, where clients know the server by http, that the go command sends them over https only.
