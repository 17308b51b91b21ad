"""
Answers plain requests before aiohttp's parser sees them.

The only place that touches private names of aiohttp. Everything works without it: GOMOD_ACCELERATOR.
"""
