"""The reasons that the Gateway API knows for conditions which are not as they ought to be, in plain words.

Types and reasons are those of version 1.6: https://gateway-api.sigs.k8s.io/reference/spec/ (constants `…Condition…` and
`…Reason…` in its `apis/v1`).
"""

MEANINGS: dict[tuple[str, str], tuple[str, str]] = {
    # GatewayClass and Gateway
    ("Accepted", "InvalidParameters"): (
        "what parametersRef points to is missing or wrong",
        "see spec.parametersRef (of the class) or spec.infrastructure.parametersRef (of the Gateway)",
    ),
    ("Accepted", "Unsupported"): (
        "the controller does not support what the class asks for",
        "see the class's spec, and the controller's log",
    ),
    ("SupportedVersion", "UnsupportedVersion"): (
        "the controller does not know the installed version of the Gateway API",
        "see which versions its release notes name, and `controller status`",
    ),
    ("Accepted", "ListenersNotValid"): ("at least one listener is not valid", "see its listeners, one by one"),
    ("Accepted", "UnsupportedAddress"): (
        "the controller does not take the kind of address that spec.addresses asks for",
        "leave spec.addresses out, or ask for an address of a kind that it takes",
    ),
    ("Accepted", "Invalid"): ("what it asks for is not valid", "see the message: it names the field"),
    ("Accepted", "NotReconciled"): (
        "no controller has looked at it yet",
        "see whether the class has a controller that runs: `controller list`",
    ),
    ("Accepted", "Pending"): (
        "its controller has not looked at it yet",
        "see whether the class has a controller that runs: `controller list`",
    ),
    ("Programmed", "Pending"): (
        "its controller is still at it, or nobody is",
        "see whether the class has a controller that runs: `controller list`",
    ),
    ("Programmed", "Invalid"): ("it is not served because it is not valid", "mend what its other conditions name"),
    ("Programmed", "NoResources"): (
        "there is nothing left to serve it with",
        "see the controller's pods and events: nodes may be full, or a quota reached",
    ),
    ("Programmed", "AddressNotAssigned"): (
        "it has no address yet",
        "see the controller's Service: a LoadBalancer needs somebody to give it an address",
    ),
    ("Programmed", "AddressNotUsable"): (
        "the address that spec.addresses asks for cannot be used",
        "see whether it exists and is free, or leave spec.addresses out",
    ),
    ("ResolvedRefs", "ListenersNotResolved"): (
        "a listener refers to something that cannot be used",
        "see its listeners, one by one",
    ),
    ("ResolvedRefs", "InvalidClientCertificateRef"): (
        "the client certificate for backends is missing or wrong",
        "see spec.tls.backend.clientCertificateRef",
    ),
    # Listeners
    ("Accepted", "PortUnavailable"): (
        "its port cannot be had: something else has it, or the controller may not open it",
        "take another port",
    ),
    ("Accepted", "UnsupportedProtocol"): (
        "the controller does not serve this protocol",
        "take a protocol that it serves; its documentation lists them",
    ),
    ("Conflicted", "HostnameConflict"): (
        "another listener has the same port, protocol and host name",
        "give one of them another host name or port",
    ),
    ("Conflicted", "ProtocolConflict"): (
        "another listener has the same port with a protocol that does not go together with this one",
        "give one of them another port",
    ),
    ("ResolvedRefs", "InvalidCertificateRef"): (
        "its certificate is missing, or is no Secret of type kubernetes.io/tls with tls.crt and tls.key",
        "see tls.certificateRefs, and the Secret",
    ),
    ("ResolvedRefs", "InvalidRouteKinds"): (
        "it allows kinds of routes that its protocol or controller does not know",
        "see allowedRoutes.kinds",
    ),
    ("OverlappingTLSConfig", "OverlappingCertificates"): (
        "its certificate is for host names of another listener too: over HTTP/2 clients may come to the wrong one",
        "give each listener a certificate for its own names alone",
    ),
    ("OverlappingTLSConfig", "OverlappingHostnames"): (
        "its host name overlaps with that of another listener on this port",
        "give them host names that do not overlap",
    ),
    # Routes
    ("Accepted", "NotAllowedByListeners"): (
        "no listener of the Gateway takes routes of this namespace and kind",
        "see allowedRoutes of its listeners: `gateway show`",
    ),
    ("Accepted", "NoMatchingListenerHostname"): (
        "no listener of the Gateway is for any of the route's host names",
        "see the host names of its listeners: `gateway show`",
    ),
    ("Accepted", "NoMatchingParent"): (
        "the Gateway has no listener of the name or port that the route asks for",
        "see spec.parentRefs: sectionName and port must be those of a listener",
    ),
    ("Accepted", "UnsupportedValue"): (
        "the controller does not know a value in it",
        "see the message; a type of match or filter may be one that this controller does not have",
    ),
    ("Accepted", "IncompatibleFilters"): (
        "two of its filters do not go together",
        "leave one of them out: a redirect cannot be rewritten",
    ),
    ("PartiallyInvalid", "UnsupportedValue"): (
        "some of its rules are not valid, and are not served as they stand",
        "see the message: it names the rules",
    ),
    ("ResolvedRefs", "RefNotPermitted"): (
        "it refers to something in another namespace, and no ReferenceGrant there permits that",
        "make a ReferenceGrant in that namespace; `route create` makes the one that a route needs",
    ),
    ("ResolvedRefs", "InvalidKind"): (
        "it refers to a kind that the controller does not know",
        "lead it to a Service",
    ),
    ("ResolvedRefs", "BackendNotFound"): (
        "a Service that it leads to does not exist: those requests are answered with status 500",
        "see its backends, and `services`",
    ),
    ("ResolvedRefs", "UnsupportedProtocol"): (
        "the Service's port has an appProtocol that the controller does not know",
        "see spec.ports[].appProtocol of the Service",
    ),
}  # fmt: skip
"""By type and reason: what it means when the condition is not as it ought to be, and what to do about it."""
