"""
Checking module zips apart: in a process with limits, of which there are only so many at a time.

checks -> what is asked of a zip; pure
transfer -> a finding on its way from one process to the other
process -> asks a process of its own, `__main__` is that process
places -> how many may be asked at the same time, whatever process asks

What is checked is chosen by strangers. A process of its own gives way to those who serve others, takes
no more time and memory than it is allowed, and holds up no other thread of the one that asks. It
knows neither Django nor Pulp, so that it starts within a tenth of a second.
"""
