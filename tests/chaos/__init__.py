"""Everything goes wrong at once, and every list ends exactly right all the same."""
