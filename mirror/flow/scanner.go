package flow

import (
	"math"
	"math/bits"
	"time"
)

// Bounds of what is a port scan: so many different targets, and so large a part of the attempts without an answer.
const (
	maxScanners    = 1024
	scanTargets    = 16
	scanFailed     = 16
	scanIdle       = int64(10 * time.Minute) // after so long without an attempt, counting begins anew
	answerPatience = int64(3 * time.Second)  // how long an answer may take before its absence means something: a SYN was repeated by then
)

// scanner is one address by what it tried to connect to.
type scanner struct {
	addr                        address
	attempts, answered, refused uint64
	targets                     [16]uint64 // a set of (address, port) by linear counting
	hosts, ports                [4]uint64  // and of each alone
	first, last                 int64
	// recent are the attempts of the newest seconds, which may yet be answered.
	recent      [4]uint32
	recentUntil int64 // second that recent[0] stands for
	recognised  int64 // ns since when it is a scan; 0: it is not
}

// scanners are the addresses that tried to connect lately.
type scanners struct {
	index map[address]int
	list  []scanner
	hand  int
}

func newScanners() scanners { return scanners{index: make(map[address]int)} }

func (s *scanners) find(a address) *scanner {
	if n, ok := s.index[a]; ok {
		return &s.list[n]
	}
	return nil
}

func (s *scanners) at(a address, now int64) *scanner {
	if found := s.find(a); found != nil {
		if now-found.last > scanIdle {
			*found = scanner{addr: a, first: now, last: now}
		}
		return found
	}
	n := len(s.list)
	if n < maxScanners {
		s.list = append(s.list, scanner{})
	} else {
		n = s.victim()
		delete(s.index, s.list[n].addr)
	}
	s.list[n] = scanner{addr: a, first: now, last: now}
	s.index[a] = n
	return &s.list[n]
}

// victim is one of a few that tried least.
func (s *scanners) victim() int {
	best := -1
	for range evictionSample {
		if s.hand++; s.hand >= len(s.list) {
			s.hand = 0
		}
		if best < 0 || s.list[s.hand].attempts < s.list[best].attempts {
			best = s.hand
		}
	}
	return best
}

// attempt counts the SYN that began a conversation.
func (t *Tracker) attempt(e *entry, d *details, s *sighted) {
	if d.attempt {
		return
	}
	d.attempt = true
	target, port := d.key.ends[1-s.side], d.key.port(1-s.side)
	a := t.scanners.at(d.key.ends[s.side], s.ns)
	a.attempts++
	a.last = max(a.last, s.ns)
	a.turn(s.ns)
	a.recent[0]++
	add(a.targets[:], secret.hashEnd(target, port))
	add(a.hosts[:], secret.hashEnd(target, 0))
	add(a.ports[:], secret.hashEnd(address{}, port))
	a.recognise(s.ns)
}

// turn makes recent[0] stand for the second of ns.
func (a *scanner) turn(ns int64) {
	second := ns / int64(time.Second)
	for a.recentUntil < second {
		if second-a.recentUntil > int64(len(a.recent)) {
			a.recent, a.recentUntil = [4]uint32{}, second
			return
		}
		copy(a.recent[1:], a.recent[:])
		a.recent[0] = 0
		a.recentUntil++
	}
}

// answered counts that the attempt came to something.
func (t *Tracker) answered(e *entry, d *details) {
	if a := t.attempted(e, d); a != nil && !d.refused {
		a.answered++
	}
	d.answered = true
}

func (t *Tracker) refused(e *entry, d *details) {
	if a := t.attempted(e, d); a != nil {
		a.refused++
	}
	d.answered = true
}

// attempted is who made the attempt that nothing was counted for yet, or nil.
func (t *Tracker) attempted(e *entry, d *details) *scanner {
	if !d.attempt || d.answered || e.initiator == 0 {
		return nil
	}
	return t.scanners.find(d.key.ends[e.initiator-1])
}

// recognise decides whether it is a scan. Attempts that may yet be answered do not count, refused ones do at once.
func (a *scanner) recognise(now int64) bool {
	if a.recognised != 0 {
		return true
	}
	a.turn(now)
	var pending uint64
	for _, n := range a.recent {
		pending += uint64(n)
	}
	settled := max(a.attempts-min(pending, a.attempts), a.answered+a.refused)
	failed := settled - min(a.answered, settled)
	if failed >= scanFailed && 4*failed >= 3*settled && estimate(a.targets[:]) >= scanTargets {
		a.recognised = now
	}
	return a.recognised != 0
}

func add(set []uint64, hash uint64) {
	n := hash % uint64(64*len(set))
	set[n/64] |= 1 << (n % 64)
}

// estimate is how many different hashes were added, by linear counting; a full set says at least its size times its logarithm.
func estimate(set []uint64) uint64 {
	m := 64 * len(set)
	empty := m
	for _, w := range set {
		empty -= bits.OnesCount64(w)
	}
	return uint64(math.Round(-float64(m) * math.Log(float64(max(empty, 1))/float64(m))))
}
