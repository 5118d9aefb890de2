package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
)

// requested is the request that a command line makes.
func requested(t *testing.T, stdin string, line ...string) (name, body string, err error) {
	t.Helper()
	var r sessionRequest
	var in wire.SessionInput
	cmd := &cobra.Command{RunE: func(_ *cobra.Command, args []string) error {
		name, in, err = r.input(strings.NewReader(stdin), args)
		return nil
	}}
	r.addFlags(cmd)
	cmd.SetArgs(line)
	if err := cmd.Execute(); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	text, marshalErr := json.Marshal(in)
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	return name, string(text), err
}

func TestRequest(t *testing.T) {
	const rest = `"snapLength":0,"sampling":1,"netstack":"","enabled":true,"onDrift":"repair"}}`
	const local = `"destination":{"receiver":"local"},"encapsulation":{"type":"erspan2","id":0,"cos":0,"nanoseconds":false},`
	for _, test := range []struct {
		line       string
		name, body string
	}{
		{"--vm Web_01.prod", "web-01-prod", `{"name":"web-01-prod","spec":{"vcenter":"","switch":"","sources":[{"vm":"Web_01.prod","direction":"both"}],` + local + rest},
		{"two --vm a --vm b --nic n1 --direction from-vm", "two", `{"name":"two","spec":{"vcenter":"","switch":"",` +
			`"sources":[{"vm":"a","nic":"n1","direction":"from-vm"},{"vm":"b","nic":"n1","direction":"from-vm"}],` + local + rest},
		{"--port-key 112 --portgroup Prod --vcenter v --switch DVS0", "prod", `{"name":"prod","spec":{"vcenter":"v","switch":"DVS0",` +
			`"sources":[{"portgroup":"Prod","direction":"both"},{"portKey":"112","direction":"both"}],` + local + rest},
		{"--port-key 112 --to 10.2.1.110 --to 2001:db8::1 --encapsulation erspan3 --erspan-id 7 --cos 3 --nanoseconds --label ticket=INC-42", "port-112",
			`{"name":"port-112","labels":{"ticket":"INC-42"},"spec":{"vcenter":"","switch":"","sources":[{"portKey":"112","direction":"both"}],` +
				`"destination":{"addresses":["10.2.1.110","2001:db8::1"]},"encapsulation":{"type":"erspan3","id":7,"cos":3,"nanoseconds":true},` + rest},
		{"--vm a --snap-length 128 --sampling 10 --netstack mirror --disabled --on-drift report --for 90m", "a",
			`{"name":"a","spec":{"vcenter":"","switch":"","sources":[{"vm":"a","direction":"both"}],` + local +
				`"snapLength":128,"sampling":10,"netstack":"mirror","enabled":false,"expiresIn":"1h30m0s","onDrift":"report"}}`},
		{"--vm a --expires 2030-01-01T12:00:00+01:00", "a", `{"name":"a","spec":{"vcenter":"","switch":"","sources":[{"vm":"a","direction":"both"}],` + local +
			`"snapLength":0,"sampling":1,"netstack":"","enabled":true,"expiresAt":"2030-01-01T12:00:00+01:00","onDrift":"repair"}}`},
		{"--vm a --expires never", "a", `{"name":"a","spec":{"vcenter":"","switch":"","sources":[{"vm":"a","direction":"both"}],` + local +
			`"snapLength":0,"sampling":1,"netstack":"","enabled":true,"expiresIn":"never","onDrift":"repair"}}`},
	} {
		name, body, err := requested(t, "", strings.Fields(test.line)...)
		if err != nil || name != test.name || body != test.body {
			t.Errorf("%s: %q (%v)\n got %s\nwant %q\n     %s", test.line, name, err, body, test.name, test.body)
		}
	}
}

func TestRequestThatCannotBeMeant(t *testing.T) {
	for line, want := range map[string]string{
		"":                                     "nothing to mirror",
		"Web --vm a":                           `"Web" cannot be the NAME`,
		"--vm ...":                             "cannot be the NAME",
		"--nic n --portgroup p":                "--nic needs --vm",
		"--vm a --direction up":                `unknown direction "up": want one of both, from-vm, to-vm`,
		"--vm a --encapsulation vxlan":         `unknown encapsulation "vxlan"`,
		"--vm a --sampling 0":                  "--sampling 0",
		"--vm a --to collector":                `--to "collector": want an IP address`,
		"--vm a --to 1.2.3.4 --receiver local": "--receiver and --to",
		"--vm a --for 10ms":                    "--for 10ms: want at least 1s",
		"--vm a --for 0s":                      "--for 0s: want at least 1s",
		"--vm a --for 1h --expires never":      "--for and --expires",
		"--vm a --expires tomorrow":            `--expires "tomorrow": want never`,
		"--vm a --on-drift panic":              "unknown drift policy",
		"--vm a -f -":                          "--vm and --file",
	} {
		_, _, err := requested(t, "{}", strings.Fields(line)...)
		if _, ok := errors.AsType[usageError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want a usage error with %q", line, err, want)
		}
	}
}

func TestRequestFromFile(t *testing.T) {
	// What "session get -o json" prints can be sent back under another name; the read-only fields are ignored by the API.
	const printed = `{"name":"web-01","uid":"u","revision":7,"generation":2,"labels":{"a":"b"},"createdAt":"2026-01-01T00:00:00Z","createdBy":"",
		"spec":{"sources":[{"vm":"web-01"}],"destination":{"receiver":"local"},"encapsulation":{"type":"gre"}},"status":{"conditions":[]}}`
	name, body, err := requested(t, printed, "copy", "-f", "-", "--label", "c=d")
	if err != nil || name != "copy" || !strings.HasPrefix(body, `{"name":"copy","labels":{"c":"d"},"spec":{`) || !strings.Contains(body, `"type":"gre"`) {
		t.Errorf("%q, %s (%v)", name, body, err)
	}
	if name, _, err := requested(t, printed, "-f", "-"); err != nil || name != "web-01" {
		t.Errorf("without NAME: %q (%v), want the file's", name, err)
	}
	for stdin, want := range map[string]string{
		"":                          "EOF",
		"[]":                        "cannot unmarshal array",
		`{"spec":{"vm":"a"}}`:       `unknown field "vm"`,
		`{"name":"a","spec":{}} {}`: "more after the JSON object",
		strings.Repeat(" ", 1<<20) + `{"name":"a"}`: "EOF",
	} {
		if _, _, err := requested(t, stdin, "-f", "-"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: error %v, want %q in it", stdin, err, want)
		}
	}
	if _, _, err := requested(t, "", "-f", "no-such-file.json"); err == nil || !strings.Contains(err.Error(), "no-such-file.json") {
		t.Errorf("a file that is not there: %v", err)
	}
}
