package record

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// session is a session as it is written: its names and spellings are stored and may not change.
type session struct {
	Name       string            `json:"name"`
	UID        string            `json:"uid"`
	Asked      int64             `json:"asked,omitempty"`
	Generation int64             `json:"generation,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	CreatedAt  time.Time         `json:"createdAt,omitzero"`
	CreatedBy  string            `json:"createdBy,omitempty"`
	Spec       spec              `json:"spec"`
	ExpiresAt  time.Time         `json:"expiresAt,omitzero"`
	Notes      notes             `json:"notes,omitzero"`
	DeletedAt  time.Time         `json:"deletedAt,omitzero"`
}

type spec struct {
	VCenter       string        `json:"vcenter,omitempty"`
	Switch        string        `json:"switch,omitempty"`
	Sources       []source      `json:"sources,omitempty"`
	Destination   destination   `json:"destination,omitzero"`
	Encapsulation encapsulation `json:"encapsulation"`
	SnapLength    int           `json:"snapLength,omitempty"`
	Sampling      int           `json:"sampling,omitempty"`
	Netstack      string        `json:"netstack,omitempty"`
	Enabled       bool          `json:"enabled"`
	Never         bool          `json:"never,omitempty"`
	Until         time.Time     `json:"until,omitzero"`
	ExpiresIn     string        `json:"expiresIn,omitempty"` // spelt by time.Duration
	OnDrift       string        `json:"onDrift"`
}

type source struct {
	VM        string    `json:"vm,omitempty"`
	NIC       string    `json:"nic,omitempty"`
	Portgroup string    `json:"portgroup,omitempty"`
	PortKey   string    `json:"portKey,omitempty"`
	Selector  *selector `json:"selector,omitempty"`
	Direction string    `json:"direction"`
}

type selector struct {
	Name   string `json:"name,omitempty"`
	Folder string `json:"folder,omitempty"`
	Tag    string `json:"tag,omitempty"`
}

type destination struct {
	Receiver  string       `json:"receiver,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

type encapsulation struct {
	Type        string `json:"type"`
	ID          uint16 `json:"id,omitempty"`
	COS         uint8  `json:"cos,omitempty"`
	Nanoseconds bool   `json:"nanoseconds,omitempty"`
}

type notes struct {
	ERSPANID uint16         `json:"erspanId,omitempty"`
	Receiver netip.Addr     `json:"receiver,omitzero"`
	Stood    stood          `json:"stood,omitzero"`
	Pins     map[string]pin `json:"pins,omitempty"`
}

type switchID struct {
	VCenter string `json:"vcenter,omitempty"`
	UUID    string `json:"uuid,omitempty"`
}

type stood struct {
	Switch     switchID `json:"switch"`
	Key        string   `json:"key,omitempty"`
	Generation int64    `json:"generation,omitempty"`
}

type pin struct {
	Switch switchID `json:"switch"`
	VMID   string   `json:"vmId,omitempty"`
	VM     string   `json:"vm,omitempty"`
}

// IsZero is what omitzero asks.
func (n notes) IsZero() bool {
	return n.ERSPANID == 0 && n.Receiver == netip.Addr{} && n.Stood == stood{} && len(n.Pins) == 0
}

// IsZero is what omitzero asks.
func (d destination) IsZero() bool { return d.Receiver == "" && len(d.Addresses) == 0 }

func sessionToWire(s mirror.Session) (session, error) {
	sp, err := specToWire(s.Spec)
	return session{
		Name: s.Name, UID: s.UID, Asked: s.Asked, Generation: s.Generation, Labels: s.Labels, CreatedAt: s.CreatedAt.UTC(),
		CreatedBy: s.CreatedBy, Spec: sp, ExpiresAt: s.ExpiresAt.UTC(), Notes: notesToWire(s.Notes), DeletedAt: s.DeletedAt.UTC(),
	}, err
}

func (w session) toSession() (mirror.Session, error) {
	if w.Name == "" {
		return mirror.Session{}, errors.New("it names no session")
	}
	sp, err := w.Spec.toSpec()
	if err != nil {
		return mirror.Session{}, err
	}
	return mirror.Session{
		Name: w.Name, UID: w.UID, Asked: w.Asked, Generation: w.Generation, Labels: w.Labels, CreatedAt: w.CreatedAt.UTC(),
		CreatedBy: w.CreatedBy, Spec: sp, ExpiresAt: w.ExpiresAt.UTC(), Notes: w.Notes.toNotes(), DeletedAt: w.DeletedAt.UTC(),
	}, nil
}

func specToWire(s mirror.Spec) (spec, error) {
	w := spec{
		VCenter: s.VCenter, Switch: s.Switch, SnapLength: s.SnapLength, Sampling: s.Sampling, Netstack: s.Netstack, Enabled: s.Enabled,
		Never: s.Life.Never, Until: s.Life.Until, OnDrift: s.OnDrift.String(),
		Destination: destination{Receiver: s.Destination.Receiver, Addresses: s.Destination.Addresses},
		Encapsulation: encapsulation{Type: s.Encapsulation.Type.String(), ID: s.Encapsulation.ID, COS: s.Encapsulation.COS,
			Nanoseconds: s.Encapsulation.Nanoseconds},
	}
	if s.Life.For != 0 {
		w.ExpiresIn = s.Life.For.String()
	}
	for _, src := range s.Sources {
		w.Sources = append(w.Sources, sourceToWire(src))
	}
	_, err := w.toSpec() // an enumeration's value without a name would not be read again
	return w, err
}

func (w spec) toSpec() (mirror.Spec, error) {
	s := mirror.Spec{
		VCenter: w.VCenter, Switch: w.Switch, SnapLength: w.SnapLength, Sampling: w.Sampling, Netstack: w.Netstack, Enabled: w.Enabled,
		Life:          mirror.Life{Never: w.Never, Until: w.Until.UTC()},
		Destination:   mirror.Destination{Receiver: w.Destination.Receiver, Addresses: slices.Clone(w.Destination.Addresses)},
		Encapsulation: mirror.Encapsulation{ID: w.Encapsulation.ID, COS: w.Encapsulation.COS, Nanoseconds: w.Encapsulation.Nanoseconds},
	}
	var err error
	if w.ExpiresIn != "" {
		if s.Life.For, err = time.ParseDuration(w.ExpiresIn); err != nil {
			return mirror.Spec{}, fmt.Errorf("expiresIn: %w", err)
		}
	}
	if s.Encapsulation.Type, err = mirror.ParseEncapsulationType(w.Encapsulation.Type); err != nil {
		return mirror.Spec{}, err
	}
	if s.OnDrift, err = mirror.ParseDriftPolicy(w.OnDrift); err != nil {
		return mirror.Spec{}, err
	}
	for _, src := range w.Sources {
		parsed, err := src.toSource()
		if err != nil {
			return mirror.Spec{}, err
		}
		s.Sources = append(s.Sources, parsed)
	}
	return s, nil
}

func sourceToWire(s mirror.Source) source {
	w := source{VM: s.VM, NIC: s.NIC, Portgroup: s.Portgroup, PortKey: s.PortKey, Direction: s.Direction.String()}
	if !s.Selector.IsZero() {
		sel := selector(s.Selector)
		w.Selector = &sel
	}
	return w
}

func (w source) toSource() (mirror.Source, error) {
	direction, err := mirror.ParseDirection(w.Direction)
	s := mirror.Source{VM: w.VM, NIC: w.NIC, Portgroup: w.Portgroup, PortKey: w.PortKey, Direction: direction}
	if w.Selector != nil {
		s.Selector = mirror.Selector(*w.Selector)
	}
	return s, err
}

func notesToWire(n mirror.Notes) notes {
	w := notes{
		ERSPANID: n.ERSPANID, Receiver: n.Receiver,
		Stood: stood{Switch: switchID(n.Stood.Switch), Key: n.Stood.Key, Generation: n.Stood.Generation},
	}
	if len(n.Pins) > 0 {
		w.Pins = make(map[string]pin, len(n.Pins))
	}
	for key, p := range n.Pins {
		w.Pins[key] = pin{Switch: switchID(p.Switch), VMID: p.VMID, VM: p.VM}
	}
	return w
}

func (w notes) toNotes() mirror.Notes {
	n := mirror.Notes{
		ERSPANID: w.ERSPANID, Receiver: w.Receiver,
		Stood: mirror.Stood{Switch: mirror.SwitchID(w.Stood.Switch), Key: w.Stood.Key, Generation: w.Stood.Generation},
	}
	if len(w.Pins) > 0 {
		n.Pins = make(map[string]mirror.Pin, len(w.Pins))
	}
	for key, p := range w.Pins {
		n.Pins[key] = mirror.Pin{Switch: mirror.SwitchID(p.Switch), VMID: p.VMID, VM: p.VM}
	}
	return n
}
