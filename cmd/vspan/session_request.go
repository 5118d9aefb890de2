package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// input is the body of the request and the session's name. args has the name, or nothing.
func (r *sessionRequest) input(stdin io.Reader, args []string) (name string, in wire.SessionInput, err error) {
	if r.file != "" {
		if err := r.onlyFile(); err != nil {
			return "", in, err
		}
		in, err = r.read(stdin)
	} else {
		in.Spec, err = r.spec()
	}
	if err != nil {
		return "", in, err
	}
	if len(r.labels) > 0 {
		in.Labels = r.labels
	}
	switch {
	case len(args) > 0:
		name = args[0]
	case in.Name != "":
		name = in.Name
	default:
		name = nameFor(in.Spec.Sources)
	}
	if !mirror.ValidName(name) {
		return "", in, usageError{fmt.Errorf("%q cannot be the NAME of a session: want 1 to 63 of a-z, 0-9 and inner hyphens", name)}
	}
	in.Name = name
	return name, in, nil
}

// onlyFile refuses flags beside a file that would contradict it.
func (r *sessionRequest) onlyFile() error {
	var err error
	r.flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			err = usageError{fmt.Errorf("--%s and --file cannot go together: the file says everything", f.Name)}
		}
	})
	return err
}

// maxRequestFile is what the API takes.
const maxRequestFile = 1 << 20

// read reads the file, which is the body of a PUT; what "session get -o json" printed is one.
func (r *sessionRequest) read(stdin io.Reader) (wire.SessionInput, error) {
	var in wire.SessionInput
	source := stdin
	if r.file != "-" {
		f, err := os.Open(r.file)
		if err != nil {
			return in, fmt.Errorf("read the request: %w", err)
		}
		defer f.Close()
		source = f
	}
	decoder := json.NewDecoder(io.LimitReader(source, maxRequestFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return in, fmt.Errorf("read the request from %q: want JSON as PUT /v1/sessions/NAME takes it: %w", r.file, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return in, fmt.Errorf("read the request from %q: there is more after the JSON object, or more than %d bytes", r.file, maxRequestFile)
	}
	return in, nil
}

// spec is what the flags ask for. What was not said is left to the daemon.
func (r *sessionRequest) spec() (wire.Spec, error) {
	spec := wire.Spec{VCenter: r.vcenter, Switch: r.onSwitch, SnapLength: r.snapLength, Sampling: r.sampling, Netstack: r.netstack}
	var err error
	if spec.Sources, err = r.sources(); err != nil {
		return spec, err
	}
	if spec.Destination, err = r.destination(); err != nil {
		return spec, err
	}
	if _, err := mirror.ParseEncapsulationType(r.encapsulation); err != nil {
		return spec, usageError{err}
	}
	if r.sampling < 1 {
		return spec, usageError{fmt.Errorf("--sampling %d: want at least 1", r.sampling)}
	}
	spec.Encapsulation = wire.Encapsulation{Type: r.encapsulation, ID: r.id, COS: r.cos, Nanoseconds: r.nanoseconds}
	if spec.ExpiresIn, spec.ExpiresAt, err = r.expiry(); err != nil {
		return spec, err
	}
	if _, err := mirror.ParseDriftPolicy(r.onDrift); err != nil {
		return spec, usageError{err}
	}
	spec.OnDrift = r.onDrift
	enabled := !r.disabled
	spec.Enabled = &enabled
	return spec, nil
}

func (r *sessionRequest) sources() ([]wire.Source, error) {
	if _, err := mirror.ParseDirection(r.direction); err != nil {
		return nil, usageError{err}
	}
	var all []wire.Source
	for _, vm := range r.vms {
		if len(r.nics) == 0 {
			all = append(all, wire.Source{VM: vm})
		}
		for _, nic := range r.nics {
			all = append(all, wire.Source{VM: vm, NIC: nic})
		}
	}
	for _, portgroup := range r.portgroups {
		all = append(all, wire.Source{Portgroup: portgroup})
	}
	for _, key := range r.portKeys {
		all = append(all, wire.Source{PortKey: key})
	}
	switch {
	case len(r.nics) > 0 && len(r.vms) == 0:
		return nil, usageError{errors.New("--nic needs --vm")}
	case len(all) == 0:
		return nil, usageError{errors.New("nothing to mirror: want --vm, --portgroup, --port-key or --file")}
	}
	for i := range all {
		all[i].Direction = r.direction
	}
	return all, nil
}

func (r *sessionRequest) destination() (wire.Destination, error) {
	if len(r.collectors) == 0 {
		return wire.Destination{Receiver: r.receiver}, nil
	}
	if r.flags.Changed("receiver") {
		return wire.Destination{}, usageError{errors.New("--receiver and --to cannot go together: a mirror goes to a receiver of ours or to collectors")}
	}
	for _, collector := range r.collectors {
		if _, err := netip.ParseAddr(collector); err != nil {
			return wire.Destination{}, usageError{fmt.Errorf("--to %q: want an IP address", collector)}
		}
	}
	return wire.Destination{Addresses: r.collectors}, nil
}

// expiry is how long the session may live, or until when; neither when nothing is said.
func (r *sessionRequest) expiry() (in string, at time.Time, err error) {
	switch {
	case r.expires == "" && !r.flags.Changed("for"):
		return "", at, nil
	case r.expires == "" && r.life < time.Second:
		return "", at, usageError{fmt.Errorf("--for %s: want at least 1s", r.life)}
	case r.expires == "":
		return r.life.String(), at, nil
	case r.flags.Changed("for"):
		return "", at, usageError{errors.New("--for and --expires cannot go together")}
	case r.expires == "never":
		return r.expires, at, nil
	}
	if at, err = time.Parse(time.RFC3339, r.expires); err != nil {
		return "", at, usageError{fmt.Errorf("--expires %q: want never, or a time such as 2030-01-01T12:00:00Z; --for takes a duration", r.expires)}
	}
	return "", at, nil
}

// nameFor makes a session's name of its first source; "" when nothing of it can stand in one.
func nameFor(sources []wire.Source) string {
	if len(sources) == 0 {
		return ""
	}
	first := sources[0]
	text := first.VM + first.Portgroup
	if first.PortKey != "" {
		text = "port-" + first.PortKey
	}
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(text))
	return strings.Trim(name[:min(len(name), 63)], "-")
}
