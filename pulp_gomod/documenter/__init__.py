"""
Computing what is shown of a module version, in a process with limits.

tree -> reading a tree of Go source; cutting -> declarations without what is not exported; source -> what a Go file
declares; package -> the documentation of its files together; readme -> a README as safe
HTML; licences -> which licence a text is; module -> all of that for a zip
process -> asks a process of its own, and takes in what comes out line by line; `__main__` is that process

All of it is written by strangers. The process has neither Django nor Pulp in it, no right that it needs, and gives out
JSON, which can do no harm: not even a fault in the parser, which is written in C, gets it any further.
"""
