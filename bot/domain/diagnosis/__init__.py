"""Judging a snapshot: pure functions that say which object and which field is at fault, on what evidence."""
