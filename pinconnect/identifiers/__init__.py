"""The one home of every rule about a kind of identifier: normalise, validate, reject with a reason, hash, mask."""
