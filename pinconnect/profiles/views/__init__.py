"""Pages of profiles and ad accounts, and the way back from Pinterest."""
