"""Connected Pinterest profiles, their tokens, and the ad accounts they reach."""
