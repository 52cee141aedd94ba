"""Tests against a real cluster that they change as a whole: `../shared/cluster`, started by `up --fresh --cni none`."""
