"""The data doctor: what looks wrong in a dataset's chosen columns before anything of it is sent."""
