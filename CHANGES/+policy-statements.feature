A policy adds one SQL statement at most to a request that nobody has made before, however many conditions it has, and none to one that was made before.
