"""Where the bytes of modules are: a file system or an object storage, either of which may fail."""
