package vspan_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/vspan-io/vspan"

// importRule says what the packages under a folder may import. The import graph is the architecture: the logic of mirroring knows
// neither vSphere nor HTTP, the receiver knows only the wire, the simulator shares no code with the decoder it tests.
type importRule struct {
	folder string // of the repository; the most specific rule that fits a package is the one that holds
	// ours are the packages of this module that may be imported, "x/..." for x and all below it.
	ours []string
	// stdlibOnly forbids everything that is neither ours nor the standard library.
	stdlibOnly bool
}

var importRules = []importRule{
	{folder: "mirror/gre", stdlibOnly: true},
	{folder: "mirror/beat", stdlibOnly: true},
	{folder: "mirror/prefetch", stdlibOnly: true},
	{folder: "mirror/filelock", stdlibOnly: true},
	{folder: "mirror/erspan", stdlibOnly: true, ours: []string{"mirror/gre"}},
	{folder: "mirror/sequence", stdlibOnly: true},
	{folder: "mirror/frame", stdlibOnly: true},
	{folder: "mirror", stdlibOnly: true},
	{folder: "mirror/receive", ours: []string{"mirror/receive/...", "mirror/beat", "mirror/prefetch", "mirror/gre", "mirror/erspan", "mirror/sequence", "mirror/frame"}},
	{folder: "mirror/receive/savefile", stdlibOnly: true},
	{folder: "mirror/evidence", ours: []string{"mirror", "mirror/prefetch", "mirror/gre", "mirror/erspan", "mirror/sequence", "mirror/frame"}},
	{folder: "mirror/kernelcount", ours: []string{"mirror", "mirror/beat", "mirror/evidence", "mirror/sequence", "mirror/capture", "mirror/receive/xdp"}},
	{folder: "mirror/flow", stdlibOnly: true, ours: []string{"mirror", "mirror/flow/...", "mirror/prefetch", "mirror/gre", "mirror/erspan", "mirror/frame"}},
	{folder: "mirror/tracking", stdlibOnly: true, ours: []string{"mirror/beat", "mirror/evidence", "mirror/flow", "mirror/gre", "mirror/erspan"}},
	{folder: "mirror/capture", ours: []string{"mirror", "mirror/gre", "mirror/erspan", "mirror/frame", "mirror/capture/..."}},
	{folder: "mirror/capture/filter", stdlibOnly: true, ours: []string{"mirror/frame"}},
	{folder: "mirror/capture/pcapng", stdlibOnly: true},
	{folder: "mirror/capture/recording", stdlibOnly: true, ours: []string{"mirror", "mirror/capture", "mirror/capture/pcapng"}},
	{folder: "mirror/capture/ringfile", stdlibOnly: true, ours: []string{"mirror/filelock", "mirror/capture", "mirror/capture/pcapng", "mirror/capture/recording"}},
	{folder: "mirror/capture/stream", stdlibOnly: true, ours: []string{"mirror", "mirror/capture", "mirror/capture/filter", "mirror/capture/recording", "mirror/frame"}},
	{folder: "mirror/capture/tap", ours: []string{"mirror/capture"}},
	{folder: "mirror/doctor", stdlibOnly: true, ours: []string{"mirror"}},
	{folder: "mirror/probe", ours: []string{"mirror", "mirror/frame", "mirror/capture"}},
	{folder: "mirror/journal", stdlibOnly: true, ours: []string{"mirror", "mirror/filelock"}},
	{folder: "mirror/transcript", stdlibOnly: true, ours: []string{"mirror", "mirror/evidence", "mirror/gre", "mirror/erspan", "mirror/frame"}},
	{folder: "mirror/store", ours: []string{"mirror", "mirror/filelock", "mirror/store/..."}},
	{folder: "mirror/reconcile", ours: []string{"mirror", "mirror/store", "mirror/evidence"}},
	{folder: "vcenter", ours: []string{"mirror", "mirror/doctor"}},
	{folder: "vcenter/sim/faultproxy", stdlibOnly: true, ours: []string{"vcenter/sim/..."}},
	{folder: "vcenter/sim", ours: []string{"vcenter/sim/..."}},
	{folder: "api", ours: []string{"api/...", "mirror", "mirror/store", "mirror/journal", "mirror/evidence", "mirror/doctor", "mirror/transcript", "mirror/flow/...", "mirror/capture/filter"}},
	{folder: "api/render", stdlibOnly: true, ours: []string{"api/wire", "mirror", "mirror/flow/..."}},
	{folder: "cmd/vspan", ours: []string{"..."}},
	{folder: "cmd/vspan-extcap", stdlibOnly: true, ours: []string{"api/client", "cmd/vspan/extcap"}},
	{folder: "vcsim-tests", ours: []string{"..."}},
	{folder: "bench", ours: []string{"bench/...", "netns", "mirror", "mirror/beat", "mirror/erspan", "mirror/evidence", "mirror/capture", "mirror/flow", "mirror/kernelcount", "mirror/receive/...", "mirror/tracking"}},
	{folder: "bench/traffic", stdlibOnly: true},
	{folder: "bench/rival"},
	{folder: "bench/result", stdlibOnly: true},
	{folder: "bench/network", ours: []string{"bench/cpu", "netns"}},
	{folder: "bench/cpu"},
	{folder: "netns", ours: []string{"netns"}},
}

// onlyUnder are imports that belong to a few folders, whatever the rules above allow.
var onlyUnder = map[string][]string{
	"github.com/vmware/govmomi":           {"vcenter"},
	"net/http":                            {"api", "vcenter", "cmd/vspan", "vcsim-tests"},
	"github.com/prometheus/client_golang": {"api", "cmd/vspan"},
	"github.com/gopacket/gopacket":        {"mirror/receive", "vcenter/sim", "mirror/capture", "vcsim-tests", "bench/rival"},
	"go.etcd.io":                          {"mirror/store/etcd", "cmd/vspan"},
	"github.com/cilium/ebpf":              {"mirror/receive"},
	"go.uber.org/zap":                     {"mirror/store/etcd"},
	"google.golang.org/grpc":              {"mirror/store/etcd"},
	module + "/cmd/vspan":                 {"cmd/vspan", "cmd/vspan-extcap", "vcsim-tests"},
	module + "/vcsim-tests":               {"vcsim-tests"},
}

func TestImportRules(t *testing.T) {
	graph := importGraph(t)
	if len(graph) < 10 {
		t.Fatalf("only %d packages found: the walk is wrong", len(graph))
	}
	for folder, imports := range graph {
		rule, ok := ruleFor(folder)
		if !ok {
			t.Errorf("%s: no rule for this folder: say in importRules what it may import", folder)
			continue
		}
		for _, imported := range imports {
			if breach := rule.breach(imported); breach != "" {
				t.Errorf("%s imports %s: %s", folder, imported, breach)
			}
			for name, folders := range onlyUnder {
				if isUnder(imported, name) && !slices.ContainsFunc(folders, func(f string) bool { return isUnder(folder, f) }) {
					t.Errorf("%s imports %s: only %v may", folder, imported, folders)
				}
			}
		}
	}
}

// The rules must be able to fail: a rule that forbids nothing is no rule.
func TestImportRulesForbid(t *testing.T) {
	for _, c := range []struct{ folder, imported string }{
		{"mirror/gre", module + "/mirror"},
		{"mirror/erspan", "github.com/gopacket/gopacket"},
		{"mirror", "golang.org/x/sys/unix"},
		{"mirror/receive", module + "/mirror"},
		{"mirror/receive/savefile", module + "/mirror/frame"},
		{"mirror/receive/savefile", "github.com/gopacket/gopacket"},
		{"mirror/evidence", module + "/mirror/reconcile"},
		{"mirror/sequence", module + "/mirror/erspan"},
		{"mirror/capture", module + "/mirror/receive"},
		{"mirror/capture/filter", module + "/mirror"},
		{"mirror/capture/filter", "golang.org/x/net/bpf"},
		{"mirror/flow", module + "/mirror/evidence"},
		{"mirror/tracking", module + "/mirror/receive"},
		{"mirror/doctor", module + "/vcenter"},
		{"mirror/doctor", module + "/mirror/evidence"},
		{"mirror/probe", module + "/mirror/evidence"},
		{"mirror/journal", module + "/mirror/store"},
		{"mirror/journal", "golang.org/x/sys/unix"},
		{"mirror/transcript", module + "/mirror/receive"},
		{"vcenter", module + "/vcenter/sim"},
		{"vcenter/sim", module + "/mirror/erspan"},
		{"vcenter/sim/faultproxy", "github.com/vmware/govmomi/vim25"},
		{"bench/traffic", module + "/mirror/erspan"},
		{"bench/traffic", "github.com/gopacket/gopacket"},
		{"bench/rival", module + "/mirror/erspan"},
		{"api", module + "/vcenter"},
		{"api", module + "/mirror/receive"},
		{"api", module + "/mirror/capture"},
		{"api", module + "/mirror/reconcile"},
	} {
		rule, _ := ruleFor(c.folder)
		if rule.breach(c.imported) == "" {
			t.Errorf("%s may import %s", c.folder, c.imported)
		}
	}
}

func ruleFor(folder string) (importRule, bool) {
	var best importRule
	found := false
	for _, r := range importRules {
		if isUnder(folder, r.folder) && len(r.folder) >= len(best.folder) {
			best, found = r, true
		}
	}
	return best, found
}

// breach says which rule an import breaks, or "".
func (r importRule) breach(imported string) string {
	if isUnder(imported, module) {
		own := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
		for _, allowed := range r.ours {
			base, deep := strings.CutSuffix(allowed, "...")
			base = strings.TrimSuffix(base, "/")
			if own == base || deep && (base == "" || isUnder(own, base)) {
				return ""
			}
		}
		return "may import of ours only " + strings.Join(r.ours, ", ")
	}
	first, _, _ := strings.Cut(imported, "/")
	if r.stdlibOnly && strings.Contains(first, ".") {
		return "may import the standard library only"
	}
	return ""
}

func isUnder(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// importGraph reads the imports of every non-test file, by folder.
func importGraph(t *testing.T) map[string][]string {
	t.Helper()
	graph := make(map[string][]string)
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(name))
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			graph[folder] = append(graph[folder], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walking the tree: %v", err)
	}
	return graph
}
