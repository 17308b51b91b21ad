The first page of each kind, and pages and `/v1/versions` of modules with thousands of versions, take a third of the time they took.
