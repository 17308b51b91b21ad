`GOMOD_ACCELERATOR = off` leaves every request to aiohttp, and a line of the log says at the start whether the accelerator is on, or why not.
