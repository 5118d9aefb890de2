package oracle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func tshark(t *testing.T, file string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not on PATH: nothing to compare with")
	}
	args = append([]string{"-r", file, "-n", "-o", "ip.check_checksum:FALSE", "-o", "tcp.check_checksum:FALSE", "-o", "udp.check_checksum:FALSE"}, args...)
	cmd := exec.CommandContext(t.Context(), path, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v: %s", args, err, complaints.String())
	}
	return string(out)
}

// fields are the columns of every packet that a display filter lets through.
func fields(t *testing.T, file, filter string, names ...string) (rows [][]string) {
	t.Helper()
	args := []string{"-Y", filter, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"}
	for _, n := range names {
		args = append(args, "-e", n)
	}
	for line := range strings.SplitSeq(strings.TrimRight(tshark(t, file, args...), "\n"), "\n") {
		if line != "" || len(names) == 0 {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	return rows
}

// followed are the bytes of each direction of a TCP stream, that of the first to send data first.
func followed(t *testing.T, file string, stream int) (node0 string, directions [2][]byte) {
	t.Helper()
	out := tshark(t, file, "-q", "-z", "follow,tcp,raw,"+strconv.Itoa(stream))
	for line := range strings.SplitSeq(out, "\n") {
		if rest, ok := strings.CutPrefix(line, "Node 0: "); ok {
			node0 = rest
		}
		d := 0
		if strings.HasPrefix(line, "\t") {
			d, line = 1, line[1:]
		}
		if b, err := hex.DecodeString(line); err == nil {
			directions[d] = append(directions[d], b...)
		}
	}
	return node0, directions
}

// spoken are the protocols that tshark finds in a file, by the file's content: it is asked once, for it takes its time.
var spoken sync.Map

// speaks reports whether tshark finds a protocol in a file.
func speaks(t *testing.T, file, protocol string) bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content := sha256.Sum256(b)
	found, ok := spoken.Load(content)
	if !ok {
		var all []string
		for _, r := range fields(t, file, "http || dns || tls", "frame.protocols") {
			all = append(all, strings.Split(r[0], ":")...)
		}
		found = all
		spoken.Store(content, found)
	}
	return slices.Contains(found.([]string), protocol)
}
