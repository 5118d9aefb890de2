package mirror

// MaxDiagnoses is how many diagnoses are made of one session at a time.
const MaxDiagnoses = 16

// Diagnosis is a finding about a session beside its verdict: what is wrong, of whom, and what to do next. It is made only where the
// evidence leaves no likelier explanation.
type Diagnosis struct {
	Code     DiagnosisCode
	Severity Severity
	Subject  string   // what it is about: a host, a source, an exporter's address; "": the session as a whole
	Message  string   // what was found, in one sentence for a person
	Remedy   string   // what to do next, in one sentence
	Figures  []Figure // what it rests on
}

// Figure is one number that a verdict or a diagnosis rests on.
type Figure struct {
	Name  string // snake_case, e.g. "expected"
	Value float64
	Unit  string // "bytes", "packets", "seconds", "ratio", "count"
}

// Severity is how much a diagnosis matters.
type Severity uint8

// The severities.
const (
	Note    Severity = iota // worth knowing; nothing is missing because of it
	Warning                 // something is missing or wrong, or may soon be
	Trouble                 // what was asked for does not arrive because of it
)

func (s Severity) String() string { return nameOf(severityNames, s) }

var severityNames = []string{Note: "note", Warning: "warning", Trouble: "trouble"}

// Severities lists them, for metrics and documentation.
func Severities() []Severity { return all[Severity](severityNames) }

// DiagnosisCode says what a diagnosis found: one enumeration for JSON, metric label and log.
type DiagnosisCode uint8

// The diagnoses.
const (
	NoDiagnosis            DiagnosisCode = iota
	MTUOnPath                            // large frames do not arrive, small ones do
	HostSilent                           // one host of several sends nothing
	OneDirection                         // one direction of a source does not arrive
	EncapsulationOnTheWire               // it arrives encapsulated in another way than was asked for
	ERSPANIDOnTheWire                    // it arrives under another id than was asked for
	DuplicateCopies                      // each frame arrives more than once
	MirrorLoop                           // the mirrored traffic holds the mirror's own packets
	VMKernelSource                       // a source is, or carries, a vmkernel adapter
	ReceiverDrops                        // the receiver itself drops
	StoppedAtVMotion                     // it delivered until its VM moved to another host
	UnlistedExporter                     // it arrives from an address that is no host's
	SequenceLoss                         // packets are lost on the path, by their numbers or by the port's counters
	CountersFrozen                       // vCenter's port counters stand still while frames arrive
	ClockSkew                            // clocks disagree
)

func (c DiagnosisCode) String() string { return nameOf(diagnosisNames, c) }

var diagnosisNames = []string{
	NoDiagnosis: "", MTUOnPath: "mtu_on_path", HostSilent: "host_silent", OneDirection: "direction_missing",
	EncapsulationOnTheWire: "wrong_encapsulation", ERSPANIDOnTheWire: "wrong_erspan_id", DuplicateCopies: "duplicate_copies",
	MirrorLoop: "mirror_loop", VMKernelSource: "vmkernel_source", ReceiverDrops: "receiver_dropping",
	StoppedAtVMotion: "stopped_at_vmotion", UnlistedExporter: "unlisted_source", SequenceLoss: "sequence_loss",
	CountersFrozen: "counters_frozen", ClockSkew: "clock_skew",
}

// ParseDiagnosisCode is the inverse of String; "" is NoDiagnosis.
func ParseDiagnosisCode(s string) (DiagnosisCode, error) {
	if s == "" {
		return NoDiagnosis, nil
	}
	return valueOf[DiagnosisCode]("diagnosis", diagnosisNames, s)
}

// DiagnosisCodes lists every code but NoDiagnosis, for metrics and documentation.
func DiagnosisCodes() []DiagnosisCode { return all[DiagnosisCode](diagnosisNames) }
