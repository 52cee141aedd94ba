"""Tests of the whole bot on a real cluster that they change as a whole: `../shared/cluster`. See CONTRIBUTING.md."""
