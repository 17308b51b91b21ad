After modules have come to a repository, a task computes their documentation, README and licences from the zips, once for all
repositories; `GOMOD_DOCUMENTATION = off` computes none.
