`pulp gomod repository schedule --every 6h` has a sync repeated, with all that `sync` takes; `schedules` and `unschedule` list and end it. REST has the same.
