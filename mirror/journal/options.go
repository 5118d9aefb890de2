package journal

// Options are the bounds of a journal. What is 0 has the default.
type Options struct {
	SegmentSize int64 // bytes of a file after which the next is begun; 4 MiB
	MaxSize     int64 // bytes of all segments together; 64 MiB, and never less than two segments
	MaxFailures int64 // bytes of failures that outlive their segment; 8 MiB

	SuccessesPerSession int // in memory; 50
	FailuresPerSession  int // in memory; 200
	MaxSessions         int // that have events in memory; 4096
	MaxEvents           int // in memory, of all sessions; 20,000
}

func (o Options) withDefaults() Options {
	o.SegmentSize = orDefault(o.SegmentSize, 4<<20)
	o.MaxSize = max(orDefault(o.MaxSize, 64<<20), 2*o.SegmentSize)
	o.MaxFailures = orDefault(o.MaxFailures, 8<<20)
	o.SuccessesPerSession = orDefault(o.SuccessesPerSession, 50)
	o.FailuresPerSession = orDefault(o.FailuresPerSession, 200)
	o.MaxSessions = orDefault(o.MaxSessions, 4096)
	o.MaxEvents = orDefault(o.MaxEvents, 20_000)
	return o
}

// orDefault returns a bound, or its default when it is none.
func orDefault[T int | int64](bound, standard T) T {
	if bound <= 0 {
		return standard
	}
	return bound
}
