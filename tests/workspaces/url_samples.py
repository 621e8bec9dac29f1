"""Which arguments the addresses of workspaces take in a walk through all of them, beside those of samples.py."""

from tests.guards.samples import Sample

SAMPLES: dict[str, Sample] = {"workspaces:logo": lambda world: {"name": "x" * 43 + ".png"}}
