"""HTTP as the GOPROXY protocol needs it: conditional requests, ranges, files, who a connection speaks for."""
