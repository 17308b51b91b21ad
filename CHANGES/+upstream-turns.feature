Clients get the connections to an upstream in turn, and none has all of them: whoever has thousands of modules fetched, or asks for as many that do not exist, waits for itself.
