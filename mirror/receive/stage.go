package receive

import "errors"

// ErrRunOnce is returned by a source that has been run or closed already.
var ErrRunOnce = errors.New("receive: source has been run or closed already")

// stage is where a source is in its life. The lock of its owner guards it.
type stage uint8

const (
	inert stage = iota
	opened
	running
	over
)

// open moves an inert source to opened by way of acquire.
func (s *stage) open(acquire func() error) error {
	switch *s {
	case inert:
		if err := acquire(); err != nil {
			return err
		}
		*s = opened
		return nil
	case opened:
		return nil
	}
	return ErrRunOnce
}

// run moves a source to running, through open if need be.
func (s *stage) run(acquire func() error) error {
	if err := s.open(acquire); err != nil {
		return err
	}
	*s = running
	return nil
}

// release ends a source that was not run.
func (s *stage) release(free func() error) error {
	was := *s
	if was == running {
		return nil
	}
	*s = over
	if was == opened {
		return free()
	}
	return nil
}
