Whoever asks a GOPROXY for a module path or version with a capital letter is told how these are written.
