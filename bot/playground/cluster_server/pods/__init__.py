"""What runs in pods, and what goes through the API server into them.

`programs` is what an image does, `shell` what every container can; `podaccess` has logs and the HTTP proxy,
`executing` exec and attach, `forwarding` port-forward, also as kubectl tunnels it, on top of `spdy`.
"""
