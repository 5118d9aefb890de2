// Package record writes a session down so that it can be read after years and by other versions of vspan, and so that a byte that
// was changed underneath it is noticed:
//
//	vspan-session/1 1c291ca3
//	{"name":"web-01","uid":"…",…}
//
// The first line bears the version and the CRC-32C (Castagnoli) of all the rest: the version, a line feed and the JSON. It is the
// same in every version to come, so that a record of a newer vspan is told from a damaged one.
package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// Version is what Encode writes, and the newest that Decode reads. Any change of the wire structs makes a new one.
const Version = 1

// ErrNewer: the record is whole and was written by a newer vspan. It comes together with store.ErrDamaged.
var ErrNewer = errors.New("written by a newer vspan")

const kind = "vspan-session/"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode writes a session down, without its Revision, which is the store's. It fails for what Decode would not give back: a value
// that is of no enumeration, a year beyond 9999.
func Encode(s mirror.Session) ([]byte, error) {
	w, err := sessionToWire(s)
	if err != nil {
		return nil, fmt.Errorf("encode session %q: %w", s.Name, err)
	}
	body, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode session %q: %w", s.Name, err)
	}
	return seal(Version, body), nil
}

// seal puts the first line before a body.
func seal(version int, body []byte) []byte {
	return fmt.Appendf(nil, "%s%d %08x\n%s", kind, version, checksum(strconv.Itoa(version), body), body)
}

func checksum(version string, body []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(version+"\n"), castagnoli), castagnoli, body)
}

// Decode reads a record. Its errors wrap store.ErrDamaged and say what is wrong; that of a newer record wraps ErrNewer as well.
func Decode(b []byte) (mirror.Session, error) {
	body, err := unseal(b)
	if err != nil {
		return mirror.Session{}, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	s, err := decodeBody(body)
	if err != nil {
		return mirror.Session{}, fmt.Errorf("%w: its checksum is right and its content is not: %w", store.ErrDamaged, err)
	}
	return s, nil
}

// unseal checks the first line and returns what follows it.
func unseal(b []byte) ([]byte, error) {
	line, body, found := bytes.Cut(b, []byte("\n"))
	head, ours := bytes.CutPrefix(line, []byte(kind))
	number, sum, spaced := bytes.Cut(head, []byte(" "))
	if !found || !ours || !spaced {
		return nil, fmt.Errorf("it does not begin with %q, a version and a checksum", kind)
	}
	if got := fmt.Sprintf("%08x", checksum(string(number), body)); got != string(sum) {
		return nil, fmt.Errorf("its checksum is %s and it says %.16q", got, sum)
	}
	version, err := strconv.Atoi(string(number))
	switch {
	case err != nil || version < 1:
		return nil, fmt.Errorf("its version is %.16q, which is none", number)
	case version > Version:
		return nil, fmt.Errorf("%w (record version %d, this one reads up to %d): upgrade vspan, or restore a backup made by this version",
			ErrNewer, version, Version)
	}
	return body, nil
}

func decodeBody(body []byte) (mirror.Session, error) {
	var w session
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return mirror.Session{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return mirror.Session{}, errors.New("something follows the JSON object")
	}
	return w.toSession()
}
