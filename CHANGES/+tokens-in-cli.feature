A token works as the password of the `pulp gomod` commands that its scope allows: publishing, removing, and reading what its distribution serves. Everything else is answered 403 with the scope.
