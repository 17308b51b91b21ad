`pulp-gomod serve` (`./serve` in a checkout) runs all of Pulp on one machine with one command, an embedded PostgreSQL, one origin, HTTPS if wanted, and leaves nothing behind however it ends.
