package journal

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// written returns a directory with the events 1 to n in one segment, and its path.
func written(t *testing.T, n int) (dir, segment string) {
	t.Helper()
	dir = t.TempDir()
	j := open(t, dir, Options{})
	for range n {
		appendTo(t, j, success("a"))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, segmentName(1))
}

func rewrite(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, change(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestATornLineIsCutOff(t *testing.T) {
	dir, segment := written(t, 3)
	rewrite(t, segment, func(b []byte) []byte { return b[:len(b)-5] })
	j := open(t, dir, Options{})
	if got, c := j.Since(0, 0), j.Counts(); len(got) != 2 || c.Torn != 1 || c.Damaged != 0 {
		t.Errorf("got %d events, %+v", len(got), c)
	}
	appendTo(t, j, failure("b"))
	j = reopen(t, j, dir, Options{})
	if got, c := j.Since(0, 0), j.Counts(); len(got) != 3 || got[2].Seq != 3 || !got[2].Failure || c.Torn+c.Damaged != 0 {
		t.Errorf("after the next append: got %+v, %+v", got, c)
	}
}

// TestEveryFlippedByteIsNoticed: no event is read that was not written, and only the damaged one is missing (row 25).
func TestEveryFlippedByteIsNoticed(t *testing.T) {
	dir, segment := written(t, 3)
	whole, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	j := open(t, dir, Options{})
	want := j.Since(0, 0)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 0x04
		if err := os.WriteFile(segment, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		got, c := j.Since(0, 0), j.Counts()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		inHeader := i <= bytes.IndexByte(whole, '\n')
		missing := 3 - len(got)
		if c.Damaged+c.Torn == 0 || missing > 2 || inHeader && missing > 1 || whole[i] != '\n' && i < len(whole)-1 && !inHeader && missing != 1 {
			t.Errorf("byte %d (%q): %d events, %+v", i, whole[i], len(got), c)
		}
		for _, e := range got {
			if diff := cmp.Diff(want[e.Seq-1], e); diff != "" {
				t.Errorf("byte %d made an event that was not written:\n%s", i, diff)
			}
		}
	}
}

func TestGarbageIsCountedAndNotFatal(t *testing.T) {
	dir, segment := written(t, 2)
	garbage := strings.Repeat("x", 3*maxLine) + "\n" + "\x00\x00\n\n" + `{"crc":"00000000","line":{}}` + "\n"
	for _, r := range []record{{Seq: 5, Kind: "what nobody knows"}, {Kind: "applied"}, {Seq: maxSeq + 1}} {
		line, err := appendLine(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		garbage += string(line)
	}
	rewrite(t, segment, func(b []byte) []byte { return append(b, garbage...) })
	if err := os.WriteFile(filepath.Join(dir, "events-1.jsonl"), []byte("not one of ours\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir, Options{})
	appendTo(t, j, success("a"))
	j = reopen(t, j, dir, Options{})
	if got, c := j.Since(0, 0), j.Counts(); len(got) != 3 || got[2].Seq != 3 || c.Damaged != 7 {
		t.Errorf("got %+v, %+v", got, c)
	}
}

// TestACrashWhileDroppingASegment: its failures are in both places then, and are read once.
func TestACrashWhileDroppingASegment(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	appendTo(t, j, success("a"), failure("a"), success("a"))
	if err := j.disk.carry(segmentName(1)); err != nil {
		t.Fatal(err)
	}
	j = reopen(t, j, dir, Options{})
	got := j.Since(0, 0)
	if len(got) != 2 || got[0].Seq != 2 || got[1].Seq != 3 || j.disk.carried != 2 {
		t.Errorf("got %+v", got)
	}
	if err := j.disk.dropOldest(); err != nil {
		t.Fatal(err)
	}
	appendTo(t, j, success("a"))
	if got := reopen(t, j, dir, Options{}).Since(0, 0); len(got) != 2 || got[0].Seq != 2 || got[1].Seq != 4 {
		t.Errorf("after dropping it: got %+v", got)
	}
}

func FuzzDecodeLine(f *testing.F) {
	for _, e := range []Entry{{1, success("a")}, {maxSeq, failure("")}, {7, bounded(success("\xff\x00\u2028"))}} {
		line, err := appendEntry(nil, e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"crc":"00000000","line":}`))
	f.Add([]byte(`{"crc":"`))
	f.Fuzz(func(t *testing.T, line []byte) {
		check(t, line)
		check(t, appendChecked(line)) // with a checksum that is right
	})
}

// check decodes a line; what it holds must survive being written and read again.
func check(t *testing.T, line []byte) {
	r, err := decodeLine(line)
	if err != nil {
		return
	}
	e, err := r.entry()
	if err != nil {
		return
	}
	again, err := appendEntry(nil, e)
	if err != nil || len(again) > maxLine {
		t.Fatalf("%q: what it says cannot be written: %d bytes, %v", line, len(again), err)
	}
	r, err = decodeLine(again)
	if err != nil {
		t.Fatalf("%q: what was written for it cannot be read: %v", again, err)
	}
	if same, err := r.entry(); err != nil || cmp.Diff(e, same) != "" {
		t.Fatalf("%q: %v\n%s", line, err, cmp.Diff(e, same))
	}
}

// appendChecked makes a line of any body.
func appendChecked(body []byte) []byte {
	line := fmt.Appendf(nil, "%s%08x%s", lineStart, crc32.Checksum(body, castagnoli), lineMiddle)
	return append(append(line, body...), lineEnd...)
}
