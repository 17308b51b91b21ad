`pulp gomod remote forget --module m@v` (REST: `POST <remote href>forget/`) forgets one module version of a remote's cache, and removes it from repositories that have it by pull-through only.
