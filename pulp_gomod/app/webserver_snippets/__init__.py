"""The nginx configuration that Pulp's installers include."""
