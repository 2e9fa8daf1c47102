"""Bundles for cloud functions: chosen from the lock, compiled, with an SBOM, the same bytes each time."""
