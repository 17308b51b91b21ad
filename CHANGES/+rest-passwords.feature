Under `pulp-gomod serve` the REST API verifies a password in full only once in five minutes, as downloads and uploads already do: a short request takes a tenth of the time.
