"""What the annotations of ingress-nginx mean (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/).

Facts are of controller v1.15, the last release; its list of annotations is
https://github.com/kubernetes/ingress-nginx/blob/main/docs/user-guide/nginx-configuration/annotations-risk.md.
"""

PREFIX = "nginx.ingress.kubernetes.io/"
CONTROLLER = "k8s.io/ingress-nginx"
"""What its IngressClass says in `spec.controller`."""
