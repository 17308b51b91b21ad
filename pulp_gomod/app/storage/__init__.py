"""What comes into repositories, and where its bytes are: a file system or an object storage may fail."""
