package vcenter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// maxPhrase bounds what of vCenter's words is passed on.
const maxPhrase = 400

// phrase makes words of vCenter fit for a message on one line.
func phrase(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > maxPhrase {
		s = string(runes[:maxPhrase]) + "…"
	}
	return s
}

// errTask is the failure of a task: the fault comes in the task's info instead of a SOAP fault.
type errTask struct{ types.LocalizedMethodFault }

func (e errTask) Error() string {
	return fmt.Sprintf("%s: %s", nameOfFault(e.LocalizedMethodFault.Fault), phrase(e.LocalizedMessage))
}

// methodFault returns vCenter's fault in err's chain, with its words; nil when vCenter did not answer with one.
func methodFault(err error) (types.BaseMethodFault, string) {
	if t, ok := errors.AsType[errTask](err); ok {
		if t.LocalizedMethodFault.Fault == nil {
			return &types.MethodFault{}, t.LocalizedMessage
		}
		return t.LocalizedMethodFault.Fault, t.LocalizedMessage
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if !soap.IsSoapFault(e) {
			continue
		}
		s := soap.ToSoapFault(e)
		if with, ok := e.(interface{ Fault() types.BaseMethodFault }); ok && with.Fault() != nil {
			return with.Fault(), s.String
		}
		// A fault without a detail: still vCenter's, and its words are all there is.
		return &types.MethodFault{}, s.String
	}
	return nil, ""
}

// nameOfFault is the API's name of a fault, e.g. VspanPortConflict.
func nameOfFault(f types.BaseMethodFault) string {
	t := reflect.TypeOf(f)
	if t == nil {
		return "fault"
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// loginGone reports whether err says that the login has ended.
func loginGone(err error) bool {
	f, _ := methodFault(err)
	_, gone := f.(*types.NotAuthenticated)
	return gone
}

// vanished reports whether err says that an object is not there any more.
func vanished(err error) bool {
	f, _ := methodFault(err)
	_, gone := f.(*types.ManagedObjectNotFound)
	return gone
}

// explain makes err a mirror.Fault about object, unless it is one, or the caller's own ctx ended.
func explain(ctx context.Context, err error, object string, config Config) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*mirror.Fault](err); done {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", object, context.Cause(ctx))
	}
	fault, message := methodFault(err)
	if fault == nil {
		return unreached(err, config)
	}
	reason, text := judge(fault, phrase(message), config)
	return &mirror.Fault{Reason: reason, Object: object, Text: text, Err: err, Told: true}
}

// judge gives vCenter's fault a reason and a text.
func judge(fault types.BaseMethodFault, message string, config Config) (mirror.Reason, string) {
	switch f := fault.(type) {
	case *types.NotAuthenticated:
		return mirror.NotAuthenticated, fmt.Sprintf("the login of %q ended; it is being renewed", config.Username)
	case *types.NoPermission:
		return mirror.NoPermission, fmt.Sprintf("user %q lacks %s", config.Username, missing(f))
	case *types.ConcurrentAccess:
		return mirror.ConcurrentAccess, "somebody changed the switch since it was read; read it again and plan anew"
	case *types.TaskInProgress:
		return mirror.ConcurrentAccess, "another task is busy with the switch"
	case *types.DvsOperationBulkFault:
		return mirror.HostRefused, "vCenter accepted the change and these hosts did not: " + refusals(f, nil)
	case *types.HostNotConnected, *types.HostNotReachable, *types.HostCommunication:
		return mirror.HostRefused, "a host cannot be reached by vCenter" + saying(message)
	case *types.NotSupported:
		return mirror.NotSupported, "the switch cannot do this" + saying(message)
	case *types.InvalidArgument:
		return mirror.VCenterFault, fmt.Sprintf("vCenter refuses the value of %s (InvalidArgument)%s", quoted(f.InvalidProperty), saying(message))
	default:
		return mirror.VCenterFault, fmt.Sprintf("vCenter refuses it (%s%s)%s", nameOfFault(fault), concerning(fault), saying(message))
	}
}

// saying appends vCenter's own words, where there are any.
func saying(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}

func quoted(property string) string {
	if property == "" {
		return "an argument"
	}
	return fmt.Sprintf("%q", property)
}

// missing names the privileges a user would need, and where.
func missing(f *types.NoPermission) string {
	var parts []string
	for _, m := range f.MissingPrivileges {
		parts = append(parts, fmt.Sprintf("%s on %s", strings.Join(m.PrivilegeIds, ", "), m.Entity.Value))
	}
	if len(parts) > 0 {
		return "privilege " + phrase(strings.Join(parts, "; "))
	}
	s := "a privilege"
	if f.PrivilegeId != "" {
		s = "privilege " + phrase(f.PrivilegeId)
	}
	if f.Object != nil {
		s += " on " + phrase(f.Object.Value)
	}
	return s
}

// refusals lists the hosts of a bulk fault, by name where it is known; what each said is vCenter's wording.
func refusals(f *types.DvsOperationBulkFault, names map[reference]string) string {
	var parts []string
	for _, h := range f.HostFault {
		name := cmp.Or(names[h.Host], h.Host.Value)
		parts = append(parts, fmt.Sprintf("%s (%s: %s)", phrase(name), nameOfFault(h.Fault.Fault), phrase(h.Fault.LocalizedMessage)))
	}
	if len(parts) == 0 {
		return "vCenter names none"
	}
	return phrase(strings.Join(parts, "; "))
}

// concerning names the ports and sessions that a VSPAN fault is about, as " port 12, session 3".
func concerning(fault types.BaseMethodFault) string {
	switch f := fault.(type) {
	case *types.VspanPromiscuousPortNotSupported:
		return fmt.Sprintf(" port %q, session %q", f.PortKey, f.VspanSessionKey)
	case *types.VspanPortConflict:
		return fmt.Sprintf(" port %q, sessions %q and %q", f.PortKey, f.VspanSessionKey1, f.VspanSessionKey2)
	case *types.VspanDestPortConflict:
		return fmt.Sprintf(" port %q, sessions %q and %q", f.PortKey, f.VspanSessionKey1, f.VspanSessionKey2)
	case *types.VspanSameSessionPortConflict:
		return fmt.Sprintf(" port %q, session %q", f.PortKey, f.VspanSessionKey)
	default:
		return ""
	}
}

// errLoginGone is what vCenter would say: it says nothing when the list of sessions merely lacks ours.
var errLoginGone error = errTask{types.LocalizedMethodFault{Fault: &types.NotAuthenticated{}, LocalizedMessage: "the session is not known"}}
