package main

import (
	"context"
	"fmt"
)

// search is how the highest rate was found at which a contender loses nothing.
type search struct {
	who    string
	rate   float64 // the highest that it was sent without loss, packets a second
	steps  series
	sender bool // it was the sender that could not do more
}

// String is for the notes.
func (s search) String() string {
	limit := "above it the rival loses packets"
	if s.sender {
		limit = "more the sender cannot do on this machine, so that the limit of the receivers is not known"
	}
	return fmt.Sprintf("%s loses none at %.0f packets/s; %s", s.who, s.rate, limit)
}

// searchSeconds is how long each step lasts.
func (s *setting) searchSeconds() float64 { return float64(s.of(20, 5)) / 10 }

const (
	lowestRate  = 50_000.0
	rateStep    = 1.25
	rateReached = 0.97 // the part of a rate that the sender has to reach
	// rateTries is how often a rate is tried before it is too high: on a machine that others use a sender is late at times, and a
	// receiver too.
	rateTries = 3
)

// search raises the rate step by step until packets are lost or the sender can do no more.
func (s *setting) search(ctx context.Context, f *field, c contender) (search, error) {
	found := search{who: c.name}
	for asked := lowestRate; ; asked *= rateStep {
		reached, err := s.tryRate(ctx, f, c, asked, &found)
		if err != nil {
			return found, err
		}
		if !reached {
			break
		}
	}
	if found.rate == 0 {
		return found, fmt.Errorf("%s loses packets even at %.0f a second", c.name, lowestRate)
	}
	s.highest = found.rate
	return found, nil
}

// tryRate reports whether a rate can be sent and is received without loss.
func (s *setting) tryRate(ctx context.Context, f *field, c contender, asked float64, found *search) (bool, error) {
	for range rateTries {
		t, err := f.try(ctx, c, int(asked*s.searchSeconds()), asked)
		if err != nil {
			return false, err
		}
		found.steps = append(found.steps, t)
		s.note("%s at %.0f of %.0f packets/s: %d lost", c.name, t.sent.Rate(), asked, t.lost())
		found.sender = t.lost() == 0
		if !found.sender {
			continue
		}
		found.rate = max(found.rate, t.sent.Rate())
		if t.sent.Rate() >= rateReached*asked {
			return true, nil
		}
	}
	return false, nil
}
