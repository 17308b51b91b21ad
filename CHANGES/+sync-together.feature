A sync of many small modules takes a third of the processor time: their zips are stored many at a time.
