"""What goes through the API server as a stream of bytes: `executing` (exec and attach), `forwarding` (port-forward,
also as kubectl tunnels it, on top of `spdy`). Logs and HTTP proxying are in `podaccess`."""
