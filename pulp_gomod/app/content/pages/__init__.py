"""Pages for whoever opens the URL of a distribution in a browser."""
