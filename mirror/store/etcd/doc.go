// Package etcd keeps the desired state in etcd: a node of its own in a data directory (Open), one of several members that share one
// state (Open with a Cluster), or somebody else's etcd (Connect). The calls are the same.
//
// Keys, below a prefix:
//
//	sessions/<name>          a record of package record
//	graves/<uid>             when a session was removed, RFC 3339
//	noted                    put by every Note: its revision is that of the newest
//	installation             the owner in the markers of all daemons that share the state
//	writers/<thing>/<lease>  a daemon that is, or waits to become, the writer of a thing
//
// The revision of a session is the ModRevision of its key: what was compared is what is swapped, whoever else writes.
package etcd
