What a build fetches through a remote joins the repository in one version where it made two: what has come waits while the go command asks for the `.info` of all modules.
