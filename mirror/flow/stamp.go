package flow

import "time"

// A stamp is a time in units of 2^20 ns, about a millisecond. It wraps after 52 days; stamps are compared by their distance.
func stampOf(ns int64) uint32 { return uint32(ns >> 20) }

const stampSecond = int32(time.Second >> 20)

// since is the distance in stamps from before to now, negative when before is later.
func since(now, before uint32) int32 { return int32(now - before) }
