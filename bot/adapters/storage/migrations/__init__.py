"""How the tables came to be. A new one: a file in `versions/`, and its number as `tables.VERSION`."""
