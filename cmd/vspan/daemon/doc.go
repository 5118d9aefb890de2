// Package daemon joins the parts into vspan: the HTTP API, the desired state, one reconcile loop per switch, a client per vCenter,
// the receiver and the judge. Config says what to join, New builds all of it without starting anything, Run runs it as one tree
// of tasks that ends together.
package daemon
