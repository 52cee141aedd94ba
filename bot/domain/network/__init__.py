"""The network of a cluster as frozen values: what was read (snapshot), and what the live network said (probing)."""
