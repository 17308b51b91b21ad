A server knows more of the past of sum.golang.org from the start, so that `hold_days` of a year does not hold back what came a year ago.
