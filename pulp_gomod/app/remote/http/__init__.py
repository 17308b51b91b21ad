"""HTTP as a client of upstreams."""
