`GOMOD_ACCELERATOR = off` leaves every request to aiohttp, and the log says at the start whether what answers below it is on, or why not.
