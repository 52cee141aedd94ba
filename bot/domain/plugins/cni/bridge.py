"""No plugin that the API shows: nodes are ready, so their hosts were given a network (a plain bridge, cloud routes)."""

from bot.domain.plugins.cni import NetworkPlugin

CNI = NetworkPlugin(
    title="a plain bridge, or one that the hosts manage",
    marks=(),
    why_not="it is configured on each host, outside of Kubernetes",
)
