package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// reachable checks that vCenter was asked.
func (x *examination) reachable(v VCenter) bool {
	if v.Fault != "" {
		x.note(VCenterReachable, v.Name, VCenterKind, v.Name, Failed, v.Fault,
			"mend this first, because nothing else on this vCenter can be looked at before: its address, the user and his password, and how its certificate is trusted")
		return false
	}
	if v.ReadAt.IsZero() {
		x.note(VCenterReachable, v.Name, VCenterKind, v.Name, Unknown, "it was not asked yet", "ask again in a moment")
		return false
	}
	x.note(VCenterReachable, v.Name, VCenterKind, v.Name, OK, fmt.Sprintf("%s at %s answers, logged in as %s", said(v.Product), v.Address, said(v.User)), "")
	return true
}

// said is a text that may be missing.
func said(text string) string {
	if text == "" {
		return "(unnamed)"
	}
	return text
}

// oldestAPI is the first vSphere API that names encapsulations (VMwareVspanSession.encapType).
const oldestAPI = 6.5

func (x *examination) version(v VCenter) {
	api, ok := majorMinor(v.APIVersion)
	switch {
	case !ok:
		x.note(VCenterVersion, v.Name, VCenterKind, v.Name, Unknown, "vCenter does not say which API it speaks", "compare its version: 6.5 is the oldest that can send ERSPAN")
	case api < oldestAPI:
		x.note(VCenterVersion, v.Name, VCenterKind, v.Name, Failed, fmt.Sprintf("it is version %s with API %s, which cannot be told an encapsulation", v.Version, v.APIVersion), "upgrade vCenter to 6.5 or newer")
	default:
		x.note(VCenterVersion, v.Name, VCenterKind, v.Name, OK, fmt.Sprintf("version %s, API %s", v.Version, v.APIVersion), "")
	}
}

// majorMinor reads the first two numbers of a version, "8.0.3.0" as 8.0.
func majorMinor(version string) (float64, bool) {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return 0, false
	}
	n, err := strconv.ParseFloat(parts[0]+"."+parts[1], 64)
	return n, err == nil
}

// What two clocks may differ by: below the first it is the error of asking; the second is what Kerberos allows, beyond which a clock
// counts as wrong.
const (
	skewOfNote  = 5 * time.Second
	skewOfHarm  = 5 * time.Minute
	skewQuantum = 100 * time.Millisecond
)

func (x *examination) clock(v VCenter) {
	if v.Skew == nil {
		x.note(ClockSkew, v.Name, VCenterKind, v.Name, Unknown, "vCenter did not tell its time", "compare its clock with this machine's by hand")
		return
	}
	const remedy = "set both clocks by NTP (vCenter: Appliance Management > Time; here: timedatectl)"
	skew, where := v.Skew.Round(skewQuantum), "ahead of"
	if skew < 0 {
		skew, where = -skew, "behind"
	}
	message := fmt.Sprintf("vCenter's clock is %s %s this machine's", skew, where)
	switch {
	case skew > skewOfHarm:
		x.note(ClockSkew, v.Name, VCenterKind, v.Name, Failed, message+": one of the two is wrong, and if it is this machine's, what was to end at a date ends that much early or late", remedy)
	case skew > skewOfNote:
		x.note(ClockSkew, v.Name, VCenterKind, v.Name, Warning, message+": times of events there and here cannot be compared", remedy)
	default:
		x.note(ClockSkew, v.Name, VCenterKind, v.Name, OK, message, "")
	}
}

// certificateNotice is how long before its end a certificate is worth a word.
const certificateNotice = 30 * 24 * time.Hour

// certificate checks how the certificate is trusted, and until when.
func (x *examination) certificate(v VCenter) {
	c := v.Certificate
	how := map[Trust]string{
		TrustSystem: "verified by this machine's authorities", TrustAuthority: "verified by the CA file", TrustThumbprint: "pinned by its thumbprint",
	}[c.Trust]
	left := c.NotAfter.Sub(x.Now)
	until := "valid until " + c.NotAfter.UTC().Format(time.DateOnly)
	renewal := "renew it on vCenter (Administration > Certificates)"
	if c.Trust == TrustThumbprint {
		renewal += " and give vspan the new thumbprint at the same time"
	}
	note := func(s Status, message, remedy string) {
		x.note(Certificate, v.Name, VCenterKind, v.Name, s, message, remedy)
	}
	switch {
	case c.Trust == TrustPlain:
		note(Warning, "plain HTTP: the password crosses the network in clear", "give vCenter's URL with https")
	case c.Trust == TrustNothing:
		note(Warning, "the certificate is not verified: anyone on the path can read the password", "give --vcenter-thumbprint or --vcenter-ca-file instead of insecure")
	case c.Fault != "":
		note(Unknown, "the certificate could not be looked at: "+c.Fault, "look at it by 'openssl s_client -connect "+v.Address+"'")
	case c.NotAfter.IsZero() || how == "":
		note(Unknown, "the certificate was not looked at", "look at it by 'openssl s_client -connect "+v.Address+"'")
	case left <= 0:
		note(Failed, fmt.Sprintf("the certificate expired on %s; %s", c.NotAfter.UTC().Format(time.DateOnly), how), renewal)
	case left <= certificateNotice:
		note(Warning, fmt.Sprintf("the certificate expires in %d days; %s, %s", int(left.Hours()/24), how, until), renewal)
	default:
		note(OK, fmt.Sprintf("the certificate is %s, %s", how, until), "")
	}
}

// switches checks that there is something to mirror on.
func (x *examination) switches(v VCenter) bool {
	const remedy = "give the user Read-only on the datacenter with its switches; port mirroring needs a distributed switch"
	switch {
	case v.SwitchFault != "":
		x.note(SwitchFound, v.Name, VCenterKind, v.Name, Unknown, "the switches could not be read: "+v.SwitchFault, "try again; if it stays, look at vCenter")
		return false
	case len(v.Switches) == 0 && x.about == nil:
		x.note(SwitchFound, v.Name, VCenterKind, v.Name, Failed, "no distributed switch is to be seen", remedy)
		return false
	case len(v.Switches) == 0:
		x.note(SwitchFound, v.Name, VCenterKind, v.Name, Failed, "the session's switch is not to be seen", remedy)
		return false
	}
	names := make([]string, len(v.Switches))
	for i, sw := range v.Switches {
		names[i] = sw.Name
	}
	x.note(SwitchFound, v.Name, VCenterKind, v.Name, OK, "distributed switches: "+enumerate(names), "")
	return true
}
