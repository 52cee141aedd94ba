"""Custom resources: what a CustomResourceDefinition adds to the table of kinds.

`definitions` judges the definition itself and makes rows of it, `structural` turns its schema into types, `reading`
prunes, defaults and validates what is written under it, `columns` fills its tables.
"""
