package main

import (
	"bytes"
	"strings"
	"testing"
)

// What is no question, or a word that is not known here, is left to vspan.
func TestRead(t *testing.T) {
	for args, want := range map[string]bool{
		"--extcap-interfaces --extcap-version=4.0":                                  true,
		"--extcap-interface vspan-web-01 --extcap-dlts":                             true,
		"--extcap-interface vspan_mirror --extcap-config":                           true,
		"--extcap-interface eth0 --extcap-dlts":                                     false,
		"--extcap-interface vspan_mirror --extcap-config --extcap-reload-option vm": false,
		"--extcap-interface vspan-web-01 --capture --fifo /tmp/x":                   false,
		"--extcap-interface vspan-web-01 --extcap-capture-filter tcp":               false,
		"--refresh --server http://127.0.0.1:1":                                     false,
		"--help":                                                                    false, "install": false, "": false,
	} {
		if _, ok := read(strings.Fields(args)); ok != want {
			t.Errorf("%q is answered: %t, want %t", args, ok, want)
		}
	}
}

// Without a daemon and without anything known there is still the interface that mirrors a VM.
func TestAnswer(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	q, ok := read([]string{"--extcap-interfaces", "--server", "http://127.0.0.1:1"})
	var out bytes.Buffer
	if err := q.answer(&out); !ok || err != nil || !strings.Contains(out.String(), "interface {value=vspan_mirror}") {
		t.Errorf("%t, %v: %s", ok, err, &out)
	}
	out.Reset()
	q, _ = read([]string{"--extcap-interface", "vspan-web-01", "--extcap-dlts"})
	if err := q.answer(&out); err != nil || !strings.Contains(out.String(), "EN10MB") {
		t.Errorf("%v: %s", err, &out)
	}
}
