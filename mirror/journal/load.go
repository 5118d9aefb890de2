package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Names of the files.
const (
	segmentStart = "events-"
	segmentEnd   = ".jsonl"
	carriedName  = "failures.jsonl"
	draftName    = "failures.draft" // what becomes carriedName
)

// segmentName names a segment by the number of its first event, so that names sort by age.
func segmentName(seq uint64) string { return fmt.Sprintf("%s%020d%s", segmentStart, seq, segmentEnd) }

func isSegment(name string) bool {
	digits, a := strings.CutPrefix(name, segmentStart)
	digits, b := strings.CutSuffix(digits, segmentEnd)
	_, err := strconv.ParseUint(digits, 10, 64)
	return a && b && len(digits) == 20 && err == nil
}

// findings are what was wrong in the files.
type findings struct {
	torn    uint64 // last lines without an end
	damaged uint64
}

// load reads every file, the oldest events first, and changes nothing.
func (d *disk) load(each func(Entry)) (findings, error) {
	var all findings
	_, err := d.scan(carriedName, &all, func(e Entry, _ []byte) {
		d.carried = max(d.carried, e.Seq)
		each(e)
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return all, err
	}
	names, err := d.folder.Readdirnames(-1)
	if err != nil {
		return all, err
	}
	slices.Sort(names)
	for _, name := range names {
		if !isSegment(name) {
			continue
		}
		size, err := d.scan(name, &all, func(e Entry, _ []byte) { each(e) })
		if err != nil {
			return all, err
		}
		d.segments = append(d.segments, segment{name, size})
	}
	return all, nil
}

// mend cuts off what a crash left behind the last whole line of the last segment, and removes a draft.
func (d *disk) mend(found findings) error {
	if found.torn > 0 && len(d.segments) > 0 {
		if err := d.openFile(); err != nil {
			return full(err)
		}
	}
	return d.remove(draftName)
}

// scan reads a file line by line, calls each for every event with its line, and returns the size up to the last whole line. Its
// error wraps ErrNewer when the file is of a newer version.
func (d *disk) scan(name string, found *findings, each func(e Entry, line []byte)) (size int64, err error) {
	f, err := d.root.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := bufio.NewReaderSize(f, maxLine)
	for {
		line, n, err := nextLine(r)
		switch {
		case errors.Is(err, io.EOF):
			if n > 0 {
				found.torn++
			}
			return size, nil
		case err != nil:
			return size, fmt.Errorf("read %s: %w", name, err)
		}
		size += n
		if err := takeLine(line, found, each); err != nil {
			return size, fmt.Errorf("%s: %w", name, err)
		}
	}
}

// nextLine returns the next line, which holds until the next call, and the number of bytes it takes in the file. The line is nil
// when it is longer than any line of ours; with io.EOF n are the bytes of a line without an end.
func nextLine(r *bufio.Reader) (line []byte, n int64, err error) {
	line, err = r.ReadSlice('\n')
	n = int64(len(line))
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		n += int64(len(line))
		line = nil
	}
	if err != nil {
		return nil, n, err
	}
	return line, n, nil
}

// takeLine reads one line; what cannot be read is counted.
func takeLine(line []byte, found *findings, each func(Entry, []byte)) error {
	r, err := decodeLine(line)
	switch {
	case err != nil:
		found.damaged++
		return nil
	case r.Journal > version:
		return fmt.Errorf("its version is %d, this vspan knows %d: %w", r.Journal, version, ErrNewer)
	case r.Journal != 0:
		return nil
	}
	e, err := r.entry()
	if err != nil {
		found.damaged++
		return nil
	}
	each(e, line)
	return nil
}
