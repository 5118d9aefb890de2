package flow

import (
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror/frame"
)

func TestFlow(t *testing.T) {
	k := newTalk()
	k.vlan = 23
	f := observed(Config{}, tail(k.handshake().request(4).close().seenAt("esx-a1", "web", 0)))
	if f.A != (End{client.Addr(), client.Port()}) || f.B != (End{server.Addr(), server.Port()}) || f.VLAN != 23 || !f.Began || f.State != Closed {
		t.Errorf("%+v", f)
	}
	if f.HandshakeRTT != 2*time.Millisecond {
		t.Errorf("handshake took %v", f.HandshakeRTT)
	}
	if w := f.AToB; w.Packets != 8 || len(w.Seen) != 1 || w.Seen[0].Host != "esx-a1" || w.Seen[0].Packets != 8 {
		t.Errorf("%+v", w)
	}
	if f.BToA.Bytes != 78+4*1470+3*70 {
		t.Errorf("%d bytes", f.BToA.Bytes)
	}
}

// A repeated SYN leaves open which of the two was answered.
func TestNoRTTOfARepeatedSYN(t *testing.T) {
	k := newTalk().at(0, SYN, 1000, 0, nil).wait(time.Second).send(0, SYN, 0).send(1, SYN|ACK, 0).send(0, ACK, 0).request(1).close()
	f := observed(Config{}, tail(k.seenAt("esx-a1", "web", 0)))
	if f.HandshakeRTT != 0 || f.AToB.Retransmissions != 1 || len(f.Problems) != 0 {
		t.Errorf("%v, %d, %v", f.HandshakeRTT, f.AToB.Retransmissions, kinds(f.Problems))
	}
}

func TestZeroWindows(t *testing.T) {
	k := newTalk().handshake().request(2)
	for i := range k.packets {
		if i == 6 {
			k.packets[i].frame = tcpFrame(client, server, 0, 200, ACK, 1121, 900_001, 0, 5, nil)
		}
	}
	if f := observed(Config{}, tail(k.seenAt("esx-a1", "web", 0))); f.AToB.ZeroWindows+f.BToA.ZeroWindows != 1 {
		t.Errorf("%+v", f)
	}
}

// An index from which entries are taken and to which others are put finds what a map finds.
func TestTableFindsWhatAMapFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := newTable(minFlows)
		model := map[key]int{}
		for range rapid.IntRange(1, 600).Draw(t, "steps") {
			k := key{rest: rapid.Uint64Range(0, 300).Draw(t, "key")}
			if rapid.Bool().Draw(t, "IPv4") {
				k.ends = [2]address{addressOf(client.Addr()), addressOf(server.Addr())}
			}
			d := &Digest{name: k.name(), ends: k.ends}
			hash := secret.hash(d.name) & 0xFF // collides often
			n := table.find(d, hash)
			if want, ok := model[k]; ok != (n >= 0) || ok && want != n {
				t.Fatalf("key %d: found %d, want %d %v", k.rest, n, want, ok)
			}
			switch {
			case n < 0:
				n = table.add(d, hash, 0, func(e *entry, d *details) {
					if model[d.key] >= 0 && e.keyed {
						delete(model, d.key)
					}
				})
				model[k] = n
			case rapid.Bool().Draw(t, "unlink"):
				table.unlink(n)
				delete(model, k)
			}
		}
		if table.keyed != len(model) || table.used > minFlows {
			t.Fatalf("%d keyed, want %d; %d used", table.keyed, len(model), table.used)
		}
	})
}

// Snapshots are taken while packets come.
func TestSnapshotsWhilePacketsCome(t *testing.T) {
	tracker := NewTracker(Config{Site: bySite})
	done := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				tracker.Flows(epoch.Add(time.Hour), nil)
				tracker.Talkers()
				tracker.Scans(epoch.Add(time.Hour))
				tracker.Totals()
				runtime.Gosched()
			}
		}
	})
	for i := range 300 {
		k := newTalk()
		k.ends[0] = netip.AddrPortFrom(client.Addr(), uint16(1000+i))
		tracker.ObserveAll(k.handshake().request(2).close().seenAt(hosts[i%len(hosts)], vms[i%len(vms)], 0))
		tracker.Lost(uint64(i%2), epoch.Add(time.Duration(i)*time.Second))
	}
	close(done)
	readers.Wait()
	if n := len(tracker.Flows(epoch.Add(time.Hour), func(f *Flow) bool { return f.Protocol == frame.ProtocolTCP && f.State == Closed })); n != 300 {
		t.Errorf("%d conversations closed", n)
	}
}

func TestKinds(t *testing.T) {
	for _, k := range Kinds() {
		if got, ok := ParseKind(k.String()); !ok || got != k {
			t.Errorf("%d is %q, and that is %d", k, k, got)
		}
	}
	if _, ok := ParseKind("none"); ok {
		t.Error("none is a problem")
	}
}
