package wire

// Health says that the process answers.
type Health struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version"`
}

// Readiness says that the daemon can do its work.
type Readiness struct {
	Status string  `json:"status" enum:"ready"`
	Checks []Check `json:"checks"`
}

// Check is one thing the daemon needs.
type Check struct {
	Name    string `json:"name" example:"vcenter"`
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}
