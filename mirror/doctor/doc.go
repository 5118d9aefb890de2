// Package doctor says of everything a mirror rests on whether it is in order: rights, switches, hosts and their vmkernel adapters,
// ports, the receiver, clocks, certificates, the state of the daemon.
//
// It reads nothing itself: it is given what was read as [Facts] and makes [Check]s of them, each with what was found and what to do
// about it. What was not read makes a check unknown, never ok.
package doctor
