package daemon

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vspan-io/vspan/vcenter"
)

// File is the configuration file. A key it does not know is an error, because a misspelt one would be silently without effect.
type File struct {
	Listen   string        `yaml:"listen"`
	DataDir  string        `yaml:"dataDir"`
	VCenters []FileVCenter `yaml:"vcenters"`
	Receiver struct {
		Off          bool         `yaml:"off"`
		Interface    string       `yaml:"interface"`
		Addresses    []netip.Addr `yaml:"addresses"`
		Mode         string       `yaml:"mode"`
		Workers      *int         `yaml:"workers"`
		SnapLen      *int         `yaml:"snapLen"`
		LeaveToStack bool         `yaml:"leaveToStack"`

		Tap        string     `yaml:"tap"`
		TapSession string     `yaml:"tapSession"`
		TapMTU     int        `yaml:"tapMTU"`
		Files      FileFrames `yaml:"files"`
	} `yaml:"receiver"`
	Expiry struct {
		Default time.Duration `yaml:"default"`
		Maximum time.Duration `yaml:"maximum"`
	} `yaml:"expiry"`
	Metrics struct {
		Sessions int `yaml:"sessions"`
	} `yaml:"metrics"`
	Probe struct {
		WhenIdle  bool          `yaml:"whenIdle"`
		IdleAfter time.Duration `yaml:"idleAfter"`
		Every     time.Duration `yaml:"every"`
	} `yaml:"probe"`
	Resync       time.Duration `yaml:"resync"`
	Installation string        `yaml:"installation"`
	OnStop       string        `yaml:"onStop"`
	Payload      string        `yaml:"payload"`
	Flows        string        `yaml:"flows"`
	FlowsKept    int           `yaml:"flowsKept"`
	Sites        []FileSite    `yaml:"sites"`
	Cluster      FileCluster   `yaml:"cluster"`
	Etcd         FileEtcd      `yaml:"etcd"`
}

// FileVCenter is one vCenter in the configuration file. There is no key for a password: files are copied and committed.
type FileVCenter struct {
	Name         string `yaml:"name"`
	URL          string `yaml:"url"`
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"passwordFile"`
	CAFile       string `yaml:"caFile"`
	Thumbprint   string `yaml:"thumbprint"`
	Insecure     *bool  `yaml:"insecure"`
}

// Settings is the vCenter as a layer of vcenter.Merge.
func (v FileVCenter) Settings() vcenter.Settings {
	return vcenter.Settings{
		URL: v.URL, Username: v.Username, PasswordFile: v.PasswordFile,
		CAFile: v.CAFile, Thumbprint: v.Thumbprint, Insecure: v.Insecure,
	}
}

// ReadFile reads a configuration file.
func ReadFile(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("reading the configuration: %w", err)
	}
	defer f.Close()
	var file File
	decoder := yaml.NewDecoder(f)
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("reading the configuration %s: %w", path, err)
	}
	if err := decoder.Decode(new(File)); !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("reading the configuration %s: want one document, not several", path)
	}
	return file, nil
}

// Over lays what the file says over a configuration. The vCenters are not among it: flags and environment come before them.
func (f File) Over(c Config) (Config, error) {
	if f.Listen != "" {
		c.Listen = f.Listen
	}
	if f.DataDir != "" {
		c.DataDir = f.DataDir
	}
	if f.Expiry.Default != 0 {
		c.DefaultLife = f.Expiry.Default
	}
	if f.Expiry.Maximum != 0 {
		c.MaxLife = f.Expiry.Maximum
	}
	if f.Resync != 0 {
		c.Resync = f.Resync
	}
	c.SessionSeries = f.Metrics.Sessions
	c.Probe = f.probe(c.Probe)
	c.Receiver.Off = f.Receiver.Off
	c.Receiver.Interface = f.Receiver.Interface
	c.Receiver.Addresses = f.Receiver.Addresses
	c.Receiver.Outputs = Outputs{
		Tap: f.Receiver.Tap, TapSession: f.Receiver.TapSession, TapMTU: f.Receiver.TapMTU,
		Files: f.Receiver.Files.Directory, FileSessions: f.Receiver.Files.Sessions, FileLimits: f.Receiver.Files.Limits(),
	}
	c.Receiver.LeaveToStack, c.Receiver.Mode = f.Receiver.LeaveToStack, f.Receiver.Mode
	if f.Receiver.Workers != nil {
		c.Receiver.Workers = *f.Receiver.Workers
	}
	if f.Receiver.SnapLen != nil {
		c.Receiver.SnapLen = *f.Receiver.SnapLen
	}
	c.Installation, c.Cluster, c.Etcd = f.Installation, f.Cluster.Cluster(), f.Etcd.External()
	c.Flows.Conversations, c.Flows.Sites = f.FlowsKept, sitesOf(f.Sites)
	return c, errors.Join(c.SetOnStop(f.OnStop), c.SetPayload(f.Payload), c.Flows.SetMode(f.Flows))
}
