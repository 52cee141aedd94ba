# What the stand-ins share: the API as their account sees it, and the routes to other nodes. POSIX sh, busybox, curl, ip.

api() { # METHOD PATH [BODY]
    curl -sS --fail --max-time 10 -X "$1" --cacert "$ACCOUNT/ca.crt" -H "Authorization: Bearer $(cat "$ACCOUNT/token")" \
        -H 'Content-Type: application/strategic-merge-patch+json' ${3:+-d "$3"} \
        "https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT$2"
}
ACCOUNT=/var/run/secrets/kubernetes.io/serviceaccount

field() { # NAME: the first value of that name in pretty JSON on standard input
    sed -n "s/^ *\"$1\": \"\([^\"]*\)\".*/\1/p" | head -n 1
}

own_range() { api GET "/api/v1/nodes/$1?pretty=true" | field podCIDR; }

route_to_others() { # OWN NODE
    for other in $(api GET '/api/v1/nodes?pretty=true' | sed -n 's/^ *"kubernetes.io\/hostname": "\([^"]*\)".*/\1/p' | sort -u); do
        if [ "$other" = "$1" ]; then continue; fi
        about=$(api GET "/api/v1/nodes/$other?pretty=true")
        range=$(echo "$about" | field podCIDR)
        address=$(echo "$about" | grep -A 1 '"type": "InternalIP"' | field address)
        if [ -z "$range" ] || [ -z "$address" ]; then
            echo "node $other has no range ($range) or no address ($address)" >&2
        else
            ip route replace "$range" via "$address"
        fi
    done
}

answer_probes() { # PORT PATH…
    port=$1; shift
    mkdir -p /tmp/www
    for path in "$@"; do echo ok > "/tmp/www/$path"; done
    busybox httpd -p "$port" -h /tmp/www
}
