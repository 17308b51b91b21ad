`pulp-gomod serve` takes a quarter less processor time to start and half to stop, and its content processes share more of their memory.
