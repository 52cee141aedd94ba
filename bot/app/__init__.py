"""The composition root: settings in, running bot out. The only folder that names the adapters.

`serving` is what `patchbay serve` and the playground run; `terminal` is one command in a terminal. Both are the same
house with different doors, so each imports only its own.
"""
