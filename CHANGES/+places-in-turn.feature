Clients upload large modules in turn at the front door, so that whoever uploads many at once keeps others waiting for one of them only.
