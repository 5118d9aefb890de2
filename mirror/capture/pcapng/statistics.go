package pcapng

// Statistics is what became of the packets of an interface.
type Statistics struct {
	Interface  int   // its number
	Time       int64 // of the statistics, nanoseconds since 1970
	Start, End int64 // of the capture
	Received   uint64
	Dropped    uint64 // of those received, for want of room
	DroppedOS  uint64 // by the operating system
	Delivered  uint64 // to the file
	Comment    string
}

// Codes of the options of statistics.
const (
	statisticsStart     = 2
	statisticsEnd       = 3
	statisticsReceived  = 4
	statisticsDropped   = 5
	statisticsDroppedOS = 7
	statisticsDelivered = 8
)

// Append appends the block to b.
func (s Statistics) Append(b []byte) []byte {
	start := len(b)
	b = open(b, typeStatistics)
	b = order.AppendUint32(b, field32(s.Interface))
	b = appendTime(b, s.Time)
	options := len(b)
	b = appendText(b, optionComment, s.Comment)
	b = appendTime(order.AppendUint16(order.AppendUint16(b, statisticsStart), 8), s.Start)
	b = appendTime(order.AppendUint16(order.AppendUint16(b, statisticsEnd), 8), s.End)
	b = appendUint64(b, statisticsReceived, s.Received)
	b = appendUint64(b, statisticsDropped, s.Dropped)
	b = appendUint64(b, statisticsDroppedOS, s.DroppedOS)
	b = appendUint64(b, statisticsDelivered, s.Delivered)
	return shut(endOptions(b, options), start)
}
