"""Software bills of materials: what a repository version serves, or what one module needs of it."""
