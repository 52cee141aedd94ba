// Package ext is the place that Traefik keeps free for fields of others in its configuration. It is a module of its own
// that no proxy serves; nobody here has any fields, so all that is embedded is empty.
package ext

// HTTP is embedded in the HTTP part of the configuration.
type HTTP struct{}

// Router is embedded in each router.
type Router struct{}
