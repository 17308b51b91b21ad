"""A repository version as a tree of files that the go command builds from: what is in it, and where in a tar."""
