"""What makes a world move, each a small file over the same registry that clients write through.

To add one, write a module with a `Controller` subclass and list it in `ALL`. A controller says which of its keys a
change concerns, and brings one key closer to what it should be; whatever it writes comes back as a change.
"""

from __future__ import annotations

from bot.playground.cluster_server.controllers.aggregating import Aggregation, APIServices
from bot.playground.cluster_server.controllers.budgets import Budgets
from bot.playground.cluster_server.controllers.cronjobs import CronJobs
from bot.playground.cluster_server.controllers.daemonsets import DaemonSets
from bot.playground.cluster_server.controllers.definitions import Definitions
from bot.playground.cluster_server.controllers.deployments import Deployments
from bot.playground.cluster_server.controllers.endpoints import Endpoints
from bot.playground.cluster_server.controllers.garbage import Garbage
from bot.playground.cluster_server.controllers.gateways import Gateways
from bot.playground.cluster_server.controllers.ingresses import Ingresses
from bot.playground.cluster_server.controllers.jobs import Jobs
from bot.playground.cluster_server.controllers.kubelet import Kubelet
from bot.playground.cluster_server.controllers.loadbalancers import LoadBalancers
from bot.playground.cluster_server.controllers.namespaces import Namespaces
from bot.playground.cluster_server.controllers.networks import Networks
from bot.playground.cluster_server.controllers.nodelife import NodeLife
from bot.playground.cluster_server.controllers.quotas import ResourceQuotas
from bot.playground.cluster_server.controllers.replicasets import ReplicaSets, ReplicationControllers
from bot.playground.cluster_server.controllers.scheduler import Scheduler
from bot.playground.cluster_server.controllers.statefulsets import StatefulSets
from bot.playground.cluster_server.controllers.tigera import Tigera

ALL = (
    Definitions, NodeLife, Namespaces, Garbage, Deployments, ReplicaSets, ReplicationControllers, StatefulSets,
    DaemonSets, CronJobs, Jobs, Scheduler, Kubelet, Networks, Endpoints, Budgets, LoadBalancers, Ingresses, Gateways,
    Tigera, Aggregation, APIServices, ResourceQuotas,
)  # fmt: skip
