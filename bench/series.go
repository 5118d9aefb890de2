package main

// series are the trials of one contender, by round. Its figures are nanoseconds for a packet where nothing else is said.
type series []trial

// each are the figures of the trials.
func (s series) each(figure func(trial) float64) []float64 {
	figures := make([]float64, len(s))
	for i, t := range s {
		figures[i] = figure(t)
	}
	return figures
}

// byStretch are the figures of all stretches. Each has one of another contender beside it in time, with which it is compared: nearer to
// it than whole trials are to each other.
func (s series) byStretch(figure func(stretch) float64) (figures []float64) {
	for _, t := range s {
		for _, one := range t.stretches {
			figures = append(figures, figure(one))
		}
	}
	return figures
}

func (s series) receiver() []float64 {
	return s.byStretch(func(one stretch) float64 { return one.perPacket(one.receiver) })
}

func (s series) total() []float64 {
	return s.byStretch(func(one stretch) float64 { return one.perPacket(one.total()) })
}

func (s series) machine() []float64 {
	return s.byStretch(func(one stretch) float64 { return one.perPacket(one.machine.Busy) })
}

// lost is in packets.
func (s series) lost() []float64 { return s.each(func(t trial) float64 { return float64(t.lost()) }) }

// rate is in packets a second, as they were really sent.
func (s series) rate() []float64 { return s.each(func(t trial) float64 { return t.sent.Rate() }) }
