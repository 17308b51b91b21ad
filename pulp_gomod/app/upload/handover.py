"""
The headers by which the API hands a stored change over to the front door, which then waits for it.

Of requests, the API has them of the door only: see `auth.door`, which knows them by how their names begin.
"""

#: Says to the API that the door waits for what the request changes.
WAITER = "X-Gomod-Waiter"
#: Names in the API's answer the change to wait for.
CHANGE = "X-Gomod-Change"
#: Says to the API that the door has a place for a zip that takes long to check.
PLACE = "X-Gomod-Place"
#: Says to the door that nothing was done yet: the request is to come again with a place.
HEAVY = "X-Gomod-Heavy"
#: Asks the API, by OPTIONS, whether a body is worth receiving that comes with the method named here.
BODY_OF = "X-Gomod-Body-Of"
