package journal

import (
	"errors"
	"os"
	"slices"
)

// dropOldest drops the oldest segment. Its failures are on disk elsewhere before it goes; a crash in between leaves them in both
// places, which their numbers tell.
func (d *disk) dropOldest() error {
	oldest := d.segments[0]
	if len(d.segments) == 1 {
		if err := d.closeFile(); err != nil {
			return err
		}
	}
	if err := d.carry(oldest.name); err != nil {
		return err
	}
	if err := d.remove(oldest.name); err != nil {
		return err
	}
	d.segments = d.segments[1:]
	d.dropped++
	return d.folder.Sync()
}

// carry adds the failures of a segment to those that outlived theirs, and drops the oldest of these beyond their bound.
func (d *disk) carry(name string) error {
	var fresh [][]byte
	newest := d.carried
	err := d.failuresIn(name, func(e Entry, line []byte) {
		if e.Seq > d.carried {
			fresh = append(fresh, slices.Clone(line))
			newest = max(newest, e.Seq)
		}
	})
	if err != nil || len(fresh) == 0 {
		return err
	}
	var kept [][]byte
	err = d.failuresIn(carriedName, func(_ Entry, line []byte) { kept = append(kept, slices.Clone(line)) })
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := slices.Clone(header)
	for _, line := range newestWithin(append(kept, fresh...), d.options.MaxFailures-int64(len(text))) {
		text = append(text, line...)
	}
	if err := d.replace(draftName, text); err != nil {
		return errors.Join(err, d.remove(draftName))
	}
	if err := d.root.Rename(draftName, carriedName); err != nil {
		return err
	}
	d.carried = newest
	return d.folder.Sync()
}

// failuresIn calls each for every failure in a file. What is damaged there was counted when the journal was opened.
func (d *disk) failuresIn(name string, each func(Entry, []byte)) error {
	_, err := d.scan(name, new(findings), func(e Entry, line []byte) {
		if e.Failure {
			each(e, line)
		}
	})
	return err
}

// newestWithin returns the last lines that fit into size bytes.
func newestWithin(lines [][]byte, size int64) [][]byte {
	first := len(lines)
	for first > 0 && size >= int64(len(lines[first-1])) {
		first--
		size -= int64(len(lines[first]))
	}
	return lines[first:]
}
