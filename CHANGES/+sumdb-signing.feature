Nobody who publishes waits for the head of a checksum database of your own to be signed: it is signed when somebody asks for it, and otherwise within a few seconds.
