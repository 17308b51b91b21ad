Browsers that may not see a distribution are shown a page that says why, and how to get credentials.
