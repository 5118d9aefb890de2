package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/vspan-io/vspan/mirror/filelock"
)

// disk is a journal's directory. It is not safe for concurrent use.
type disk struct {
	options Options
	root    *os.Root
	folder  *os.File // the directory itself: it is locked, and synced when a name in it changes

	segments []segment // the oldest first; lines are added to the last one
	file     *os.File  // the last segment; nil when it must be opened
	carried  uint64    // number of the newest event among the failures that outlived their segment

	syncs, dropped uint64
}

// segment is one file of events.
type segment struct {
	name string
	size int64 // up to the end of its last whole line
}

// openDisk opens and locks the directory.
func openDisk(dir string, o Options) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	folder, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	d := &disk{options: o, root: root, folder: folder}
	if err := filelock.Take(folder); errors.Is(err, filelock.ErrInUse) {
		return nil, errors.Join(ErrInUse, d.close())
	} else if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *disk) close() error {
	return errors.Join(d.closeFile(), d.folder.Close(), d.root.Close())
}

func (d *disk) closeFile() error {
	if d.file == nil {
		return nil
	}
	f := d.file
	d.file = nil
	return f.Close()
}

// append adds the entries to the last segment, or to a new one, and returns when they are on disk.
func (d *disk) append(entries []Entry) error {
	var lines []byte
	var err error
	for _, e := range entries {
		if lines, err = appendEntry(lines, e); err != nil {
			return err
		}
	}
	return full(d.write(lines, entries[0].Seq))
}

// write adds lines, of which the first is of event seq. Unless all of them are on disk none is left there.
func (d *disk) write(lines []byte, seq uint64) error {
	if err := d.prepare(int64(len(header)+len(lines)), seq); err != nil {
		return err
	}
	last := &d.segments[len(d.segments)-1]
	if last.size == 0 {
		lines = append(slices.Clone(header), lines...)
	}
	if err := d.put(lines, last.size); err != nil {
		return errors.Join(err, d.takeBack(last.size))
	}
	last.size += int64(len(lines))
	return nil
}

func (d *disk) put(text []byte, at int64) error {
	if _, err := d.file.WriteAt(text, at); err != nil {
		return err
	}
	d.syncs++
	if err := d.file.Sync(); err != nil {
		return err
	}
	if at == 0 {
		return d.folder.Sync() // the name of the file
	}
	return nil
}

// takeBack leaves of the last segment what was on disk before. The file is opened anew the next time, and cut again: after an
// error of a sync nothing is known of what was written through it.
func (d *disk) takeBack(size int64) error {
	return errors.Join(d.file.Truncate(size), d.closeFile())
}

// prepare makes room for n bytes, begins a new segment where that is due, and opens the file.
func (d *disk) prepare(n int64, seq uint64) error {
	due := len(d.segments) == 0
	if !due {
		last := d.segments[len(d.segments)-1]
		due = last.size > 0 && last.size+n > d.options.SegmentSize
	}
	keep := 1
	if due {
		keep = 0
	}
	for d.size()+n > d.options.MaxSize && len(d.segments) > keep {
		if err := d.dropOldest(); err != nil {
			return err
		}
	}
	if due || len(d.segments) == 0 {
		if err := d.closeFile(); err != nil {
			return err
		}
		d.segments = append(d.segments, segment{name: segmentName(seq)})
	}
	return d.openFile()
}

func (d *disk) openFile() error {
	if d.file != nil {
		return nil
	}
	last := d.segments[len(d.segments)-1]
	f, err := d.root.OpenFile(last.name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Truncate(last.size); err != nil {
		return errors.Join(err, f.Close())
	}
	d.file = f
	return nil
}

// size is that of all segments.
func (d *disk) size() (sum int64) {
	for _, s := range d.segments {
		sum += s.size
	}
	return sum
}

// tryBytes is how much room is looked for before writing counts as possible again.
const tryBytes = 64 << 10

// try finds out whether something can be written: it adds what is no line, and takes it back.
func (d *disk) try() error {
	if len(d.segments) == 0 {
		return full(d.tryFile())
	}
	if err := d.openFile(); err != nil {
		return full(err)
	}
	size := d.segments[len(d.segments)-1].size
	err := d.put(make([]byte, tryBytes), size)
	return full(errors.Join(err, d.takeBack(size)))
}

// tryFile is try in a directory without a segment.
func (d *disk) tryFile() error {
	return errors.Join(d.replace(draftName, make([]byte, tryBytes)), d.remove(draftName))
}

// replace writes a file, and returns when it is on disk. Its name may not be.
func (d *disk) replace(name string, text []byte) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		d.syncs++
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// remove removes a file that may not be there.
func (d *disk) remove(name string) error {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// full names the want of room for what it is.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (%w)", ErrFull, err)
	}
	return err
}
