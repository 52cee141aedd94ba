"""What an Ingress becomes as Gateway API objects, and what of it does not carry over.

ingress-nginx was retired in March 2026 (https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/): this is the
way out. Everything here is words about objects that were read; nothing is applied.

- `translating.py` is the door: `translate(ingress, around)` gives a `Translation`.
- `outcome.py` has the words: carried, lost, and what a loss concerns.
- `nginx/` knows what each annotation of ingress-nginx means: `losses.py` is the table of those that do not carry over,
  the other files read those that do.
- `paths.py`, `canary.py`, `backends.py`, `attaching.py`, `grpc.py`, `ruling.py`, `redirecting.py`, `passing.py` and
  `routes.py` each make one part of the objects.

A new annotation is a row in `nginx/losses.py`, or a reader beside the others; a test holds both to the controller's
list.
"""
