Pack the zip of a module version from a git tag or a directory with `pulp-gomod pack`, as the go command would.
