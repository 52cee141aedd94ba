"""What leads traffic into a cluster: how ingress controllers and gateways are checked, installed, removed, and told of.

The controllers themselves are in `bot/domain/plugins/controllers/`, one a file.
"""
