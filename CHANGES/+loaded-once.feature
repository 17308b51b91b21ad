`pulp-gomod serve` loads Pulp once and forks its programs from that: a start takes half the processor time, and a program that was killed is back at once. In lists of processes each has its name.
