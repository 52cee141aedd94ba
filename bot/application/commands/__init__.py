"""What one can ask for: one command a file, each declaring COMMAND (`Look`, `Changing` or `Steering`).

The module is called like the command, with `_` for spaces. Wording, parsing and help derive from the model.
"""
