package main

import (
	"fmt"
	"net/netip"

	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
)

// expected are the sessions that the traffic is mirrored by, as the daemon would expect them.
func expected(t *traffic.Traffic) []evidence.Expectation {
	exporters := make(map[netip.Addr]string)
	for _, m := range t.Mirrors() {
		if _, known := exporters[m.Exporter]; !known {
			exporters[m.Exporter] = fmt.Sprintf("esx-%02d", len(exporters)+1)
		}
	}
	var list []evidence.Expectation
	for i, m := range t.Mirrors() {
		if len(list) == 0 || list[len(list)-1].ID != m.Session {
			list = append(list, evidence.Expectation{
				UID: fmt.Sprintf("session-%d", m.Session), Destinations: []netip.Addr{t.Collector()},
				Type: erspan.TypeII, ID: m.Session, Exporters: exporters, Sampling: 1,
			})
		}
		session := &list[len(list)-1]
		session.Sources = append(session.Sources, evidence.ExpectedSource{
			PortKey: fmt.Sprint(i), MAC: m.VM, Direction: mirror.Both, Host: exporters[m.Exporter],
		})
	}
	return list
}
