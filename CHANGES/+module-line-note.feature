Whoever publishes a zip whose go.mod declares another module path is told in a note that `go get` refuses it, and its page says so instead of offering the command.
