"""Admission webhooks: somebody else's HTTPS servers that change and judge what is asked of this one.

`asking` is a request as they hear of it; `matching` finds those that it is put to; `reviewing` writes AdmissionReviews
and reads the answers; `calling` is the network; `dispatching` does it all in order.
See https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/.
"""
