`pulp-gomod serve` makes a checksum database of your own at its first start, and says how to use it when it is ready.
