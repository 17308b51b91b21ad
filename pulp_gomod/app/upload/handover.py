"""The headers by which the API hands a stored change over to the front door, which then waits for it."""

#: Says to the API that the door waits for what the request changes.
WAITER = "X-Gomod-Waiter"
#: Names in the API's answer the change to wait for.
CHANGE = "X-Gomod-Change"
