A distribution is created when the request for it is answered, and no longer waits until a worker has time: `pulp gomod distribution create` does not have to ask how its task is doing.
