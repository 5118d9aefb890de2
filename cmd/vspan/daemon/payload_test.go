package daemon

import (
	"strings"
	"testing"
)

func TestPayloadInTheFile(t *testing.T) {
	for content, want := range map[string]bool{"": true, "payload: allow\n": true, "payload: deny\n": false} {
		file, err := ReadFile(write(t, content))
		if err != nil {
			t.Fatal(err)
		}
		if c, err := file.Over(Defaults()); err != nil || c.Payload != want {
			t.Errorf("%q: payload %t, %v", content, c.Payload, err)
		}
	}
	file, err := ReadFile(write(t, "payload: maybe\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Over(Defaults()); err == nil || !strings.Contains(err.Error(), "allow or deny") {
		t.Errorf("maybe: %v", err)
	}
	if (Config{}).Payload {
		t.Error("a configuration about which nothing was said shows payload")
	}
}
