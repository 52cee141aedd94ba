"""One fault a file, named for the fault, declaring RULE.

A rule is a pure function of a snapshot and of what probes saw. It yields a wrong finding for each fault and a right one
for each object that it proved right, under the same object and field: only a right finding ends an incident. What it
cannot tell it leaves unsaid. It is run only when all kinds in `reads` were completely read.
"""
