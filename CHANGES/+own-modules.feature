Modules that were published to a repository, and all paths below them, are its own beside an upstream: nothing about them leaves, and no
version of the upstream hides theirs. `mix` of a remote names the modules whose versions are served from both. Remotes that exist
keep mixing (`*`), and new ones protect.
