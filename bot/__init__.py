"""Patchbay: a ChatOps bot for Kubernetes networking."""

__version__ = "0.1.0"
