"""Back-testing: what a draft of the rules would have done to the prices of the past."""
