"""The middle floor: the real content app in this process, on a real PostgreSQL with real rows.

What HTTP says and what upstreams do wrong is tested here, in a hundredth of the time that a whole server
needs to start; one test of each kind goes through everything, in tests/functional.
"""
