package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// version is that of the format, which the first line of each file says.
const version = 1

// maxLine is longer than any line: JSON takes up to six bytes for one of a string.
const maxLine = 6*(2*maxText+3*maxName) + 1024

// maxSeq is the largest number that every reader of JSON takes for the integer it is.
const maxSeq = 1<<53 - 1

// A line is these parts, with the checksum and the record between them.
const (
	lineStart  = `{"crc":"`
	lineMiddle = `","line":`
	lineEnd    = `}`
	crcDigits  = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errDamaged = errors.New("the line is damaged")

// record is what a line says: an event, or, at the beginning of a file, the version of the format.
type record struct {
	Journal int       `json:"journal,omitempty"`
	Seq     uint64    `json:"seq,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Kind    string    `json:"kind,omitempty"`
	Failure bool      `json:"failure,omitempty"`
	Who     string    `json:"who,omitempty"`
	Session string    `json:"session,omitempty"`
	UID     string    `json:"uid,omitempty"`
	Switch  string    `json:"switch,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// appendEntry adds the line of an entry to text.
func appendEntry(text []byte, e Entry) ([]byte, error) {
	return appendLine(text, record{
		Seq: e.Seq, At: e.At, Kind: e.Kind.String(), Failure: e.Failure, Who: e.Who,
		Session: e.Session, UID: e.UID, Switch: e.Switch, Text: e.Text,
	})
}

// header is the first line of a file.
var header = headerLine(version)

func headerLine(version int) []byte {
	line, err := appendLine(nil, record{Journal: version})
	if err != nil {
		panic(err) // JSON can say a number
	}
	return line
}

func appendLine(text []byte, r record) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return text, fmt.Errorf("write an event as JSON: %w", err)
	}
	text = append(text, lineStart...)
	text = fmt.Appendf(text, "%08x", crc32.Checksum(body, castagnoli))
	text = append(text, lineMiddle...)
	text = append(text, body...)
	return append(text, lineEnd+"\n"...), nil
}

// decodeLine is the inverse of appendLine; line may end with a newline or not. Its error wraps errDamaged.
func decodeLine(line []byte) (record, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	rest, ok := bytes.CutPrefix(line, []byte(lineStart))
	if !ok || len(rest) < crcDigits {
		return record{}, fmt.Errorf("it does not begin like one: %w", errDamaged)
	}
	var sum [crcDigits / 2]byte
	if _, err := hex.Decode(sum[:], rest[:crcDigits]); err != nil {
		return record{}, fmt.Errorf("it has no checksum: %w", errDamaged)
	}
	body, ok := bytes.CutPrefix(rest[crcDigits:], []byte(lineMiddle))
	if !ok || !bytes.HasSuffix(body, []byte(lineEnd)) {
		return record{}, fmt.Errorf("it does not end like one: %w", errDamaged)
	}
	body = body[:len(body)-len(lineEnd)]
	if got := crc32.Checksum(body, castagnoli); got != uint32(sum[0])<<24|uint32(sum[1])<<16|uint32(sum[2])<<8|uint32(sum[3]) {
		return record{}, fmt.Errorf("its checksum is %08x: %w", got, errDamaged)
	}
	var r record
	if err := json.Unmarshal(body, &r); err != nil {
		return record{}, fmt.Errorf("it is not JSON (%w): %w", err, errDamaged)
	}
	return r, nil
}

// entry returns the event that a record holds.
func (r record) entry() (Entry, error) {
	kind, err := mirror.ParseEventKind(r.Kind)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", err, errDamaged)
	}
	if r.Seq == 0 || r.Seq > maxSeq {
		return Entry{}, fmt.Errorf("its number is %d: %w", r.Seq, errDamaged)
	}
	return Entry{r.Seq, bounded(mirror.Event{
		At: r.At, UID: r.UID, Session: r.Session, Kind: kind, Failure: r.Failure, Who: r.Who, Switch: r.Switch, Text: r.Text,
	})}, nil
}
