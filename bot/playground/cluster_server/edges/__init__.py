"""Ingress and gateway controllers as they behave, one a file: by what they are recognised, which Ingresses they take,
which addresses they tell, at which ports they serve, and what they do where a real one differs from the next.

To add one, write `<name>.py` with an `Edge` and list it in `ALL`. Which of them are in a cluster is told by
`recognising`; what an address and path lead to by `ingress_rules` and `gateway_rules`.
"""

from __future__ import annotations

from bot.playground.cluster_server.edges.contour import CONTOUR
from bot.playground.cluster_server.edges.haproxy import HAPROXY
from bot.playground.cluster_server.edges.ingress_nginx import INGRESS_NGINX
from bot.playground.cluster_server.edges.nginx_inc import NGINX_INC
from bot.playground.cluster_server.edges.traefik import TRAEFIK

ALL = (CONTOUR, HAPROXY, INGRESS_NGINX, NGINX_INC, TRAEFIK)
