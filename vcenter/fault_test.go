package vcenter

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func host(value string) reference { return reference{Type: "HostSystem", Value: value} }

// The same fault comes as a SOAP fault of the call or as the error of a task; both are told the same way.
func TestFaults(t *testing.T) {
	config := Config{Name: "lab", URL: mustParse(t, "https://vc.example/sdk"), Username: "vspan"}
	sw := reference{Type: "VmwareDistributedVirtualSwitch", Value: "dvs-8"}
	for _, tc := range []struct {
		fault     types.BaseMethodFault
		value     any // as it comes in SOAP: no pointer
		reason    mirror.Reason
		permanent bool
		words     []string
	}{
		{&types.ConcurrentAccess{}, types.ConcurrentAccess{}, mirror.ConcurrentAccess, false, []string{"read it again"}},
		{&types.TaskInProgress{}, types.TaskInProgress{}, mirror.ConcurrentAccess, false, nil},
		{&types.NotAuthenticated{}, types.NotAuthenticated{}, mirror.NotAuthenticated, false, []string{`"vspan"`}},
		{&types.NotSupported{}, types.NotSupported{}, mirror.NotSupported, true, nil},
		{&types.NoPermission{PrivilegeId: "DVSwitch.Vspan", Object: &sw}, types.NoPermission{SecurityError: types.SecurityError{}, PrivilegeId: "DVSwitch.Vspan", Object: &sw}, mirror.NoPermission, true, []string{"DVSwitch.Vspan", "dvs-8", `"vspan"`}},
		{&types.InvalidArgument{InvalidProperty: "spec.x"}, types.InvalidArgument{InvalidProperty: "spec.x"}, mirror.VCenterFault, true, []string{`"spec.x"`, "InvalidArgument"}},
		{&types.VspanPortConflict{VspanSessionKey1: "3", VspanSessionKey2: "4", PortKey: "12"}, types.VspanPortConflict{VspanSessionKey1: "3", VspanSessionKey2: "4", PortKey: "12"}, mirror.VCenterFault, true, []string{"VspanPortConflict", `"12"`, `"3" and "4"`}},
		{&types.HostNotConnected{}, types.HostNotConnected{}, mirror.HostRefused, false, nil},
		{bulk(), *bulk(), mirror.HostRefused, false, []string{"host-7", "PlatformConfigFault", "no room"}},
	} {
		bySOAP := &soap.Fault{String: "words of\nvCenter"}
		bySOAP.Detail.Fault = tc.value
		byTask := errTask{types.LocalizedMethodFault{Fault: tc.fault, LocalizedMessage: "words of\nvCenter"}}
		for how, err := range map[string]error{"SOAP": soap.WrapSoapFault(bySOAP), "task": byTask, "wrapped": fmt.Errorf("x: %w", byTask)} {
			explained := explain(t.Context(), err, `switch "DVS0"`, config)
			f := wantFault(t, explained, tc.reason, append(tc.words, `switch "DVS0"`)...)
			if f.Permanent() != tc.permanent {
				t.Errorf("%s %s: permanent is %t", nameOfFault(tc.fault), how, f.Permanent())
			}
			if strings.ContainsAny(f.Text, "\r\n") {
				t.Errorf("%s %s: the text has several lines: %q", nameOfFault(tc.fault), how, f.Text)
			}
		}
	}
}

func bulk() *types.DvsOperationBulkFault {
	return &types.DvsOperationBulkFault{HostFault: []types.DvsOperationBulkFaultFaultOnHost{{
		Host:  host("host-7"),
		Fault: types.LocalizedMethodFault{Fault: &types.PlatformConfigFault{}, LocalizedMessage: "no room"},
	}}}
}

func TestExplain(t *testing.T) {
	config := Config{Name: "lab", URL: mustParse(t, "https://vc.example/sdk")}
	if explain(t.Context(), nil, "x", config) != nil {
		t.Error("no error is explained")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := explain(ctx, errors.New("whatever"), "x", config); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v: the caller ended it, vCenter is not to blame", err)
	}
	fault := &soap.Fault{String: "only words"} // a fault without a detail
	wantFault(t, explain(t.Context(), soap.WrapSoapFault(fault), "x", config), mirror.VCenterFault, "only words")
	wantFault(t, explain(t.Context(), errTask{}, "x", config), mirror.VCenterFault)
	if got := phrase(strings.Repeat("ä\x00", 5000) + "\xff"); len([]rune(got)) > maxPhrase+1 || strings.ContainsRune(got, 0) {
		t.Errorf("a phrase of %d runes", len([]rune(got)))
	}
}
