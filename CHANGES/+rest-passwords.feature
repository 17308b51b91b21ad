Under `pulp-gomod serve` the REST API verifies a password in full once in five minutes, as downloads and uploads do already: a short request takes a tenth of the time.
