"""PinConnect: deliver customers, hashed, to Pinterest Ads as audiences."""
