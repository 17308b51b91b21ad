`./serve` and `./test` take the distribution's Python before another one on the `PATH`, where it is new enough; `PYTHON` names one to use.
