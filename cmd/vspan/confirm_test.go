package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestOnlyYesIsAYes(t *testing.T) {
	for answer, want := range map[string]string{
		"y\n": "", "Yes\r\n": "", " y ": "", "\n": "nothing was done", "n\n": "nothing was done", "yeah\n": "nothing was done",
		"": errNobodyToAsk.Error(), strings.Repeat(" ", maxAnswer) + "y\n": "nothing was done",
	} {
		var out bytes.Buffer
		err := ask(strings.NewReader(answer), &out, "Go on?")
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want || !strings.HasPrefix(out.String(), "Go on? [y/N] ") {
			t.Errorf("%q: got %q, want %q; asked %q", answer, got, want, &out)
		}
		if _, usage := errors.AsType[usageError](err); usage != (answer == "") {
			t.Errorf("%q: a usage error: %t", answer, usage)
		}
	}
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{
		"a=http://10.0.0.1:2380,b=http://[::1]:2380": `'a=http://10.0.0.1:2380,b=http://[::1]:2380'`, "vspan-2": "vspan-2", "": "''",
		"$(id)": "'$(id)'", "it's": `'it'\''s'`, "a\nb": `'a\nb'`,
	} {
		if got := shellWord(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}
