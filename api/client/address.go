package client

// Where a daemon is looked for: at the address that ServerVariable says in the environment, else where 'vspan serve' listens by itself.
const (
	DefaultServer  = "http://127.0.0.1:8080"
	ServerVariable = "VSPAN_SERVER"
)
