"""What is written to a cluster: a change is a plan of steps, shown, approved, applied, verified, undone."""
