"""
Strangers' files are read by processes of their own: how such a process is started, and how it bounds itself.

What a zip makes of its reader is not known before it was read. A process with little priority and a bound for time and
memory can be ended; a thread of a server cannot.
"""
