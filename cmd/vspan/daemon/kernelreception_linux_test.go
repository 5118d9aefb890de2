package daemon

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/bench/network"
	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/kernelcount"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/receive/xdp"
	"github.com/vspan-io/vspan/mirror/tracking"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// expectTraffic expects the sessions that traffic is mirrored by.
func expectTraffic(t *traffic.Traffic, kind erspan.Type) []evidence.Expectation {
	exporters := make(map[netip.Addr]string)
	for _, m := range t.Mirrors() {
		exporters[m.Exporter] = "esx-" + m.Exporter.String()
	}
	var list []evidence.Expectation
	for i, m := range t.Mirrors() {
		if uid := fmt.Sprint("session-", m.Session); len(list) == 0 || list[len(list)-1].UID != uid {
			id := m.Session
			if !kind.HasSession() {
				id = 0
			}
			list = append(list, evidence.Expectation{
				UID: uid, Destinations: []netip.Addr{t.Collector()}, Type: kind, ID: id, Exporters: exporters, Sampling: 1,
			})
		}
		s := &list[len(list)-1]
		s.Sources = append(s.Sources, evidence.ExpectedSource{PortKey: fmt.Sprint(i), MAC: m.VM, Direction: mirror.Both, Host: exporters[m.Exporter]})
	}
	return list
}

// station receives on a link with a ring, and with the kernel before it if asked.
type station struct {
	t      *testing.T
	link   *network.Link
	ledger *evidence.Ledger
	ring   *receive.Ring
	count  *kernelcount.Counting // nil: the ring alone
	demand atomic.Pointer[capture.Demand]
	stop   func()
}

func collect(t *testing.T, link *network.Link, expected []evidence.Expectation, inKernel bool) *station {
	c := &station{t: t, link: link, ledger: evidence.NewLedger(evidence.Limits{})}
	c.demand.Store(&capture.Demand{})
	table := new(atomic.Pointer[evidence.Table])
	table.Store(evidence.NewTable(expected))
	ring := receive.NewRing(receive.LiveOptions{Interface: network.Interface})
	c.ring = ring
	must(t, link.Receiver.Do(ring.Open))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	books := &bookkeeper{
		table: table, ledger: c.ledger, feed: capture.NewBroker().Feed(0), kept: transcript.NewPackets(false), relay: new(tracking.Relays).Of(0),
	}
	go func() {
		done <- link.Receiver.Do(func() error { return ring.Run(ctx, func(int) receive.Handler { return books }) })
	}()
	if inKernel {
		counter := xdp.New(xdp.Options{Interface: network.Interface})
		if err := link.Receiver.Do(counter.Open); err != nil {
			t.Skipf("no counting in the kernel here: %v", err)
		}
		c.count = kernelcount.New(counter, c.ledger, table, func() capture.Demand { return *c.demand.Load() })
		c.ledger.Recurring() // as run does, but before the first packet
		go func() { done <- c.count.Run(ctx) }()
	} else {
		done <- nil
	}
	c.stop = func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	return c
}

// await waits until so many packets are counted.
func (c *station) await(packets uint64) {
	c.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for c.ledger.View().Totals.Packets < packets {
		if time.Now().After(deadline) {
			c.t.Fatalf("%d of %d packets were counted; in the kernel: %t; the ring: %+v", c.ledger.View().Totals.Packets, packets, c.count != nil, c.ring.Counters())
		}
		time.Sleep(20 * time.Millisecond) // there is no sign to wait for but the counts
	}
}

// settle waits until what was seen is admitted and what is wanted has come up: the kernel is told at its own pace, and says nothing.
func settle() { time.Sleep(2 * kernelcount.Every) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The evidence of what the kernel counted is that of the ring: the same packets are sent to both, and every session, source,
// direction, exporter and sequence comes to the same.
func TestKernelCountIsTheRings(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, for network namespaces and for programs in the kernel")
	}
	for kind, encapsulation := range map[erspan.Type]traffic.Encapsulation{
		erspan.TypeII: traffic.ERSPAN2, erspan.TypeIII: traffic.ERSPAN3, erspan.Bridging: traffic.GRE,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			const rounds, packets = 4, 4000
			made, err := traffic.New(traffic.Spec{Packets: packets, Sessions: 6, Sources: 2, Exporters: 3, Encapsulation: encapsulation})
			must(t, err)
			expected := expectTraffic(made, kind)
			var views [2]*evidence.View
			var figures kernelcount.Figures
			for i, inKernel := range []bool{false, true} {
				link := linkFor(t, made)
				c := collect(t, link, expected, inKernel)
				sender, err := link.NewSender(cutSome(made.Memory()))
				must(t, err)
				for round := range rounds {
					_, err = sender.Send(t.Context(), packets, 50_000)
					must(t, err)
					c.await(uint64(packets * (round + 1)))
					settle()
				}
				must(t, sender.Close())
				c.stop()
				if inKernel {
					figures = c.count.Figures()
				}
				views[i] = c.ledger.View()
			}
			if diff := cmp.Diff(views[0], views[1], butTimes()...); diff != "" {
				t.Errorf("(-ring +kernel)\n%s", diff)
			}
			if sum := figures.Counted + figures.Unadmitted + figures.Unjudged; sum != rounds*packets || figures.Refused != 0 {
				t.Errorf("%+v of %d packets", figures, rounds*packets)
			}
			if figures.Counted < packets*3/2 {
				t.Errorf("the kernel counted %d of %d packets", figures.Counted, rounds*packets)
			}
			t.Logf("the kernel counted %d of %d packets", figures.Counted, rounds*packets)
		})
	}
}

// cutSome cuts every third packet as a mirror with a snap length does: the frame says that it was longer.
func cutSome(packets [][]byte) [][]byte {
	const snapped = 150
	for i, b := range packets {
		if i%3 == 0 && len(b) > snapped {
			binary.BigEndian.PutUint16(b[2:], snapped)
			packets[i] = b[:snapped]
		}
	}
	return packets
}

// butTimes compares views down to the packet, but for times, which the kernel knows by its tick, and for what is followed of an
// exporter altogether: of one that counts each session apart the ledger soon looks at samples.
func butTimes() []cmp.Option {
	return []cmp.Option{
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type() != nil && p.Last().Type().String() == "evidence.peaks" }, cmp.Ignore()), // the kernel adds sizes up
		cmp.Exporter(func(reflect.Type) bool { return true }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmpopts.IgnoreTypes(time.Time{}),
		cmpopts.IgnoreMapEntries(func(key, _ any) bool { return strings.Contains(fmt.Sprintf("%+v", key), "whole:true") }),
		// What is on its way through the ring when the kernel takes over is not looked at: of the numbers of a space there are fewer, by
		// what was sent meanwhile, which is part of one of four rounds.
		cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "spaces.list.view.packets" },
			cmp.Comparer(func(a, b uint64) bool { return min(a, b) >= max(a, b)*2/3 })),
		cmpopts.SortSlices(func(a, b any) bool { return fmt.Sprint(a) < fmt.Sprint(b) }),
	}
}

func linkFor(t *testing.T, made *traffic.Traffic) *network.Link {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs the ip command of iproute2")
	}
	var exporters []netip.Addr
	for _, m := range made.Mirrors() {
		if !slices.Contains(exporters, m.Exporter) {
			exporters = append(exporters, m.Exporter)
		}
	}
	link, err := network.NewLink(netip.PrefixFrom(made.Collector(), 8), exporters)
	must(t, err)
	t.Cleanup(func() { must(t, link.Close()) })
	return link
}

// A session whose frames somebody wants comes up to the ring packet by packet, and goes down again.
func TestWantedSessionsComeUp(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, for network namespaces and for programs in the kernel")
	}
	made, err := traffic.New(traffic.Spec{Packets: 2000, Sessions: 2, Sources: 1, Exporters: 1})
	must(t, err)
	link := linkFor(t, made)
	c := collect(t, link, expectTraffic(made, erspan.TypeII), true)
	defer c.stop()
	sender, err := link.NewSender(made.Memory())
	must(t, err)
	defer sender.Close()
	sent := uint64(0)
	send := func() (inKernel uint64) {
		before := c.count.Figures().Counted
		_, err := sender.Send(t.Context(), 2000, 50_000)
		must(t, err)
		sent += 2000
		c.await(sent)
		return c.count.Figures().Counted - before
	}
	send()
	settle()
	both := send()
	c.demand.Store(&capture.Demand{Sessions: []string{"session-1"}})
	settle()
	one := send()
	c.demand.Store(&capture.Demand{})
	settle()
	send()
	settle()
	again := send()
	if both < 1500 || one > 1200 || one < 500 || again < 1500 {
		t.Errorf("of 2000 packets the kernel counted %d, %d while the frames of one of two sessions were wanted, %d afterwards", both, one, again)
	}
	if v := c.ledger.View(); v.Totals.Confirmed != sent {
		t.Errorf("%d packets were sent: %+v", sent, v.Totals)
	}
}
