"""What the schema does not say about a kind, one kind (or family) a file: defaults, and what is refused.

To add one, write a module with a `Rules` object and list it in `BY_KIND`. `fill` changes a new object in place;
`judge` names what is wrong with it, `before` being None when it is created.
"""

from __future__ import annotations

from bot.playground.cluster_server.rules import (
    admission,
    budgets,
    configuration,
    daemonsets,
    deployments,
    endpointslices,
    ingresses,
    jobs,
    namespaces,
    others,
    pods,
    policies,
    quotas,
    replicasets,
    replicationcontrollers,
    rights,
    services,
    statefulsets,
    storage,
    webhooks,
)
from bot.playground.cluster_server.rules.contract import Rules

NONE = Rules()

BY_KIND: dict[tuple[str, str], Rules] = {
    ("", "Pod"): pods.RULES,
    ("", "Service"): services.RULES,
    ("", "Namespace"): namespaces.RULES,
    ("", "ConfigMap"): configuration.CONFIG_MAP,
    ("", "Secret"): configuration.SECRET,
    ("", "Endpoints"): endpointslices.ENDPOINTS,
    ("", "Event"): others.EVENT,
    ("", "ServiceAccount"): others.SERVICE_ACCOUNT,
    ("", "PersistentVolumeClaim"): storage.CLAIM,
    ("", "ReplicationController"): replicationcontrollers.RULES,
    ("", "ResourceQuota"): quotas.QUOTA,
    ("", "LimitRange"): quotas.LIMIT_RANGE,
    ("storage.k8s.io", "StorageClass"): storage.CLASS,
    ("apps", "Deployment"): deployments.RULES,
    ("apps", "ReplicaSet"): replicasets.RULES,
    ("apps", "DaemonSet"): daemonsets.RULES,
    ("apps", "StatefulSet"): statefulsets.RULES,
    ("batch", "Job"): jobs.JOB,
    ("batch", "CronJob"): jobs.CRON_JOB,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): webhooks.RULES,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): webhooks.RULES,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): admission.POLICY,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): admission.BINDING,
    ("apiregistration.k8s.io", "APIService"): admission.API_SERVICE,
    ("rbac.authorization.k8s.io", "Role"): rights.ROLE,
    ("rbac.authorization.k8s.io", "ClusterRole"): rights.ROLE,
    ("rbac.authorization.k8s.io", "RoleBinding"): rights.BINDING,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): rights.BINDING,
    ("discovery.k8s.io", "EndpointSlice"): endpointslices.RULES,
    ("networking.k8s.io", "Ingress"): ingresses.RULES,
    ("networking.k8s.io", "NetworkPolicy"): policies.NETWORK_POLICY,
    ("networking.k8s.io", "IngressClass"): others.INGRESS_CLASS,
    ("networking.k8s.io", "ServiceCIDR"): others.SERVICE_CIDR,
    ("coordination.k8s.io", "Lease"): others.LEASE,
    ("policy", "PodDisruptionBudget"): budgets.BUDGET,
    ("autoscaling", "HorizontalPodAutoscaler"): budgets.SCALER,
    ("scheduling.k8s.io", "PriorityClass"): others.PRIORITY_CLASS,
}
