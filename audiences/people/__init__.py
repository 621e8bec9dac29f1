"""Single people: what becomes of an identifier, on which lists it is and why, and taking it off all of them."""
