"""The responses of a content process, by what was asked for. It needs nothing of aiohttp but what is public."""
