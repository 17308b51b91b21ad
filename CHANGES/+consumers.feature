`pulp gomod module consumers MODULE@VERSION` and `gomod/consumers/` say which users, tokens and addresses downloaded a module version in the last `GOMOD_CONSUMER_DAYS` days; `--consumers users` or `off` on a distribution, and 0 days for the server, record less.
Whoever downloaded a bundle is found with the modules that are in it (`has=MODULE@VERSION`).
