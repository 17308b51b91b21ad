"""Importing a tree of modules that another registry, a bundle or a module cache has."""
