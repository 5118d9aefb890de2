package sim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// somebody is the user who meddles with sessions by hand.
const somebody = "somebody"

// AddForeignSession adds a session as the user "somebody" would, and returns
// its key. The injected delays and failures of tasks do not concern it.
func (s *Simulator) AddForeignSession(spec SessionSpec) (string, error) {
	before := make(map[string]bool)
	var key string
	err := s.byHand(fmt.Sprintf("adding session %q", spec.Name), func(now []types.VMwareVspanSession) (types.VMwareDVSVspanConfigSpec, error) {
		for _, v := range now {
			before[v.Key] = true
		}
		return types.VMwareDVSVspanConfigSpec{
			Operation: string(types.ConfigSpecOperationAdd), VspanSession: spec.session(),
		}, nil
	}, func(after []types.VMwareVspanSession) {
		for _, v := range after {
			if !before[v.Key] {
				key = v.Key
			}
		}
	})
	return key, err
}

// EditSession changes a session by hand, as the user "somebody".
func (s *Simulator) EditSession(key string, edit func(*SessionSpec)) error {
	return s.editSession(key, func(spec *SessionSpec) error {
		edit(spec)
		return nil
	})
}

// editSession is EditSession with a change that can fail; nothing is changed then.
func (s *Simulator) editSession(key string, edit func(*SessionSpec) error) error {
	return s.byHand(fmt.Sprintf("editing session %q", key), func(now []types.VMwareVspanSession) (types.VMwareDVSVspanConfigSpec, error) {
		for _, v := range now {
			if v.Key != key {
				continue
			}
			spec := specOf(v)
			if err := edit(&spec); err != nil {
				return types.VMwareDVSVspanConfigSpec{}, err
			}
			next := spec.session()
			next.Key = key
			return types.VMwareDVSVspanConfigSpec{Operation: string(types.ConfigSpecOperationEdit), VspanSession: next}, nil
		}
		return types.VMwareDVSVspanConfigSpec{}, ErrNotFound
	}, nil)
}

// RemoveSession removes a session by hand, as the user "somebody".
func (s *Simulator) RemoveSession(key string) error {
	return s.byHand(fmt.Sprintf("removing session %q", key), func(now []types.VMwareVspanSession) (types.VMwareDVSVspanConfigSpec, error) {
		for _, v := range now {
			if v.Key == key {
				return types.VMwareDVSVspanConfigSpec{
					Operation:    string(types.ConfigSpecOperationRemove),
					VspanSession: types.VMwareVspanSession{Key: key},
				}, nil
			}
		}
		return types.VMwareDVSVspanConfigSpec{}, ErrNotFound
	}, nil)
}

// byHand reconfigures the switch as "somebody", in one step that nobody else
// can get between.
func (s *Simulator) byHand(
	what string,
	plan func([]types.VMwareVspanSession) (types.VMwareDVSVspanConfigSpec, error),
	look func([]types.VMwareVspanSession),
) error {
	if s.options.Stock {
		return fmt.Errorf("%s: a stock vcsim keeps no sessions", what)
	}
	if s.registry().Get(s.dvs.Self) == nil {
		return fmt.Errorf("%s: switch %q: %w", what, s.dvs.Name, ErrNotFound)
	}
	ctx := s.as(somebody)
	d := &dvSwitch{s.dvs, s}
	var err error
	ctx.WithLock(s.dvs, func() { err = d.byHand(ctx, plan, look) })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.settle()
	return nil
}

func (d *dvSwitch) byHand(
	ctx *simulator.Context,
	plan func([]types.VMwareVspanSession) (types.VMwareDVSVspanConfigSpec, error),
	look func([]types.VMwareVspanSession),
) error {
	config := d.Config.(*types.VMwareDVSConfigInfo)
	operation, err := plan(config.VspanSession)
	if err != nil {
		return err
	}
	spec := &types.VMwareDVSConfigSpec{VspanConfigSpec: []types.VMwareDVSVspanConfigSpec{operation}}
	spec.ConfigVersion = config.ConfigVersion
	if err := faultError(d.reconfigure(ctx, spec)); err != nil {
		return err
	}
	if look != nil {
		look(d.Config.(*types.VMwareDVSConfigInfo).VspanSession)
	}
	return nil
}
