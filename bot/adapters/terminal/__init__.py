"""A terminal: reports as text or JSON, and the conversation of one command line."""
