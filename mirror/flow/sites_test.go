package flow

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// uplinks are the packets of k as the uplinks of two hosts saw them: those of each end at one.
func uplinks(k *talk, ofClient, ofServer string) []Packet {
	all := at(k.seenAt("", "", 0), undirected)
	for i, s := range k.packets {
		all[i].Host = ofClient
		if s.end == 1 {
			all[i].Host = ofServer
		}
	}
	return all
}

func from(all []Packet, begin int) []Packet { return all[begin:] }

// moving is a long connection with a pause in it, of so many packets before.
func moving() (k *talk, before int) {
	k = newTalk().handshake().request(20)
	before = len(k.packets)
	k.wait(5 * time.Second)
	for range 12 {
		k.request(4).wait(time.Second)
	}
	return k, before
}

func TestTwoSites(t *testing.T) {
	long := func() *talk { k, _ := moving(); return k.close() }
	_, before := moving()
	for _, c := range []struct {
		name     string
		packets  []Packet
		problems string
		passages string
	}{
		{"one host sees both directions", uplinks(long(), "esx-a1", "esx-a1"), "", "a:would_pass"},
		{"both ends mirrored, one at each site", merged(long().seenAt("esx-a1", "web", 0), delayed(long().seenAt("esx-b1", "db", 1), time.Millisecond)), "", "a:would_pass b:would_pass"},
		{"both ends mirrored, far apart in time", merged(long().seenAt("esx-a1", "web", 0), delayed(long().seenAt("esx-b1", "db", 1), 200*time.Millisecond)), "", "a:would_pass b:would_pass"},
		{"both uplinks see all", merged(uplinks(long(), "esx-a1", "esx-a1"), delayed(uplinks(long(), "esx-b1", "esx-b1"), time.Millisecond)), "", "a:would_pass b:would_pass"},
		{"two hosts of one site", uplinks(long(), "esx-a1", "esx-a2"), "asymmetric_hosts", "a:would_pass"},
		{"two sites", uplinks(long(), "esx-a1", "esx-b1"), "firewall_drop@a firewall_drop@b asymmetric_sites", "a:would_drop b:would_drop"},
		{"both ends mirrored, from-vm only", merged(fromOnly(long().seenAt("esx-a1", "web", 0)), fromOnly(long().seenAt("esx-b1", "db", 1))), "", "a:cannot_tell b:cannot_tell"},
		{"a whole one, and the other end from-vm only", merged(long().seenAt("esx-a1", "web", 0), fromOnly(long().seenAt("esx-b1", "db", 1))), "", "a:would_pass b:cannot_tell"},
		{"moved with both directions", append(long().seenAt("esx-a1", "web", 0)[:before], from(long().seenAt("esx-b1", "web", 0), before)...), "firewall_drop@b", "a:would_pass b:would_drop"},
		{"moved within the site", append(long().seenAt("esx-a1", "web", 0)[:before], from(long().seenAt("esx-a2", "web", 0), before)...), "", "a:would_pass"},
		{"moved, and the answers stay behind", movedApart(long(), before), "firewall_drop@a firewall_drop@b asymmetric_sites", "a:would_drop b:would_drop"},
		{"moved, and the answers stay behind, not numbered", at(movedApart(long(), before), unnumbered), "firewall_drop@a firewall_drop@b asymmetric_sites", "a:would_drop b:would_drop"},
		{"the beginning not seen", from(movedApart(long(), before), 10), "asymmetric_sites", "a:cannot_tell b:cannot_tell"},
		{"no site", at(long().seenAt("", "web", 0), func(p *Packet) { p.Exporter = netip.MustParseAddr("::1") }), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := observed(Config{Site: bySite}, tail(c.packets))
			if got := strings.Join(kinds(f.Problems), " "); got != c.problems {
				t.Errorf("problems %q, want %q: %+v", got, c.problems, f.Problems)
			}
			var passages []string
			for _, p := range f.Passages {
				passages = append(passages, p.Site+":"+p.Verdict.String())
			}
			if got := strings.Join(passages, " "); got != c.passages {
				t.Errorf("passages %q, want %q", got, c.passages)
			}
		})
	}
}

// movedApart is a VM that moves from site a to b, while what it is sent still arrives at a.
func movedApart(k *talk, before int) []Packet {
	all := k.seenAt("esx-a1", "web", 0)
	for i := before; i < len(all); i++ {
		if all[i].Direction == mirror.FromVM {
			all[i].Host = "esx-b1"
		}
	}
	return all
}

func TestFirewallNamesThePacket(t *testing.T) {
	k, before := moving()
	f := observed(Config{Site: bySite}, tail(append(k.seenAt("esx-a1", "web", 0)[:before], from(k.seenAt("esx-b1", "web", 0), before)...)))
	for _, p := range f.Passages {
		if p.Site == "b" && (p.At == nil || p.At.Number != uint64(before)+1 || p.At.At.Host != "esx-b1" || !strings.Contains(p.Reason, "SYN")) {
			t.Errorf("%+v, want packet %d", p, before+1)
		}
	}
}

func TestOneDirectionInAnotherVLAN(t *testing.T) {
	k := newTalk().handshake().request(6).close()
	all := k.seenAt("esx-a1", "web", 0)
	for i, s := range k.packets {
		if s.end == 1 {
			all[i].VLAN = 12
		}
	}
	tracker := NewTracker(Config{})
	tracker.ObserveAll(tail(all))
	for _, f := range tracker.Flows(epoch.Add(time.Hour), nil) {
		if len(f.Problems) > 0 {
			t.Errorf("VLAN %d: %v", f.VLAN, kinds(f.Problems))
		}
	}
}

func TestPortScan(t *testing.T) {
	scan := func(answer func(*talk)) []Packet {
		var all []Packet
		now := epoch
		for i := range 200 {
			k := newTalk()
			k.now = now
			k.ends[1] = netip.AddrPortFrom(server.Addr(), uint16(1+i))
			k.send(0, SYN, 0)
			if answer != nil {
				answer(k)
			}
			all = append(all, k.seenAt("esx-a1", "web", 1)...)
			now = k.now
		}
		return tail(all)
	}
	for _, c := range []struct {
		name   string
		answer func(*talk)
		scan   bool
		kind   Kind
	}{
		{"refused", func(k *talk) { k.send(1, RST|ACK, 0) }, true, PortScan},
		{"no answer", nil, true, PortScan},
		{"a busy client", func(k *talk) { k.send(1, SYN|ACK, 0).send(0, ACK, 0).request(1).close() }, false, NoProblem},
		{"a busy client of which half is seen", func(k *talk) { k.seq[1]++; k.send(0, ACK, 0).send(0, ACK, 100) }, false, NoProblem},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets := scan(c.answer)
			tracker := NewTracker(Config{})
			tracker.ObserveAll(answering(packets))
			now := packets[len(packets)-1].Time.Add(time.Minute)
			scans := tracker.Scans(now)
			if (len(scans) == 1) != c.scan {
				t.Fatalf("scans %+v", scans)
			}
			if c.scan && (scans[0].From != client.Addr() || scans[0].Attempts != 200 || scans[0].Ports < 150 || scans[0].Hosts != 1) {
				t.Errorf("%+v", scans[0])
			}
			for _, f := range tracker.Flows(now, nil) {
				if f.Protocol != frame.ProtocolTCP {
					continue
				}
				if c.scan && strings.Join(kinds(f.Problems), " ") != c.kind.String() || !c.scan && len(f.Problems) > 0 {
					t.Fatalf("%v: %v", f.B, kinds(f.Problems))
				}
			}
		})
	}
}

// A client that opens many connections at once has no answers yet; that is no scan.
func TestBurstIsNoScanYet(t *testing.T) {
	tracker := NewTracker(Config{})
	for i := range 200 {
		k := newTalk()
		k.ends[1] = netip.AddrPortFrom(server.Addr(), uint16(1+i))
		tracker.ObserveAll(k.send(0, SYN, 0).seenAt("esx-a1", "web", 1))
	}
	if scans := tracker.Scans(epoch.Add(time.Second)); len(scans) != 0 {
		t.Errorf("%+v", scans)
	}
}
