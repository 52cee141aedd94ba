"""Who asks, and what they may do: authentication, impersonation, RBAC, and the reviews that answer questions about it.

`people` says who a request comes from, `rights` what RBAC allows, `guarding` puts both before each request,
`reviews` and `tokens` are the kinds that are asked by creating something that is never stored.
"""
