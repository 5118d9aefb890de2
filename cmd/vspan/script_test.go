package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vspan": main})
}

// TestScript runs the command as a person would: testdata/script has one file for each behaviour.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			address, l, stop := startDaemon()
			e.Setenv("VSPAN_SERVER", address)
			e.Values[leftKey{}] = l
			e.Defer(stop)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"pcap":   writePcap,
			"exits":  exits,
			"happen": happen,
		},
	})
}

// exits is the script command "exits CODE COMMAND…": it runs the command, which must exit with the code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		ended, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if want := args[0]; strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}

// writePcap is the script command "pcap FILE HEXFILE": it writes a capture of raw IP packets, given in hexadecimal digits. A line
// that begins with # begins a packet.
func writePcap(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pcap FILE HEXFILE")
	}
	var packets []string
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		if strings.HasPrefix(line, "#") {
			packets = append(packets, "")
			continue
		}
		packets[len(packets)-1] += strings.Join(strings.Fields(line), "")
	}
	file := []byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0}
	for _, digits := range packets {
		packet, err := hex.DecodeString(digits)
		ts.Check(err)
		for _, word := range []uint32{1_700_000_000, 0, uint32(len(packet)), uint32(len(packet))} {
			file = binary.LittleEndian.AppendUint32(file, word)
		}
		file = append(file, packet...)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), file, 0o600))
}
