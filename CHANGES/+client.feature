Look up all files of a module version with the first one that a client asks for, and know its requests again from the second time on: a first `go mod download` takes a fifth less time.
