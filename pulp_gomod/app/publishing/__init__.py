"""From a change that is asked for to a new repository version: the queue, and how to wait for the outcome."""
