"""Go's own tests of module mode, run through a distribution that pulls through."""
