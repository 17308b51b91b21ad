A version that is held back because it is young passes at once if it fixes a reviewed report in the vulnerability database of the distribution or of its policy.
