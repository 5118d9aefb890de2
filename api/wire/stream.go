package wire

import "time"

// Stream is a conversation as it was put together and read.
type Stream struct {
	ID         uint64       `json:"id" doc:"Given in the order of beginning, from 1; never again while following lasts"`
	Client     FlowEnd      `json:"client"`
	Server     FlowEnd      `json:"server"`
	Protocol   string       `json:"protocol" example:"tcp"`
	VLAN       int          `json:"vlan"`
	First      time.Time    `json:"first"`
	Last       time.Time    `json:"last"`
	Kind       string       `json:"kind" doc:"http, dns, tls; empty: none of them was recognised"`
	FromClient StreamWay    `json:"fromClient"`
	FromServer StreamWay    `json:"fromServer"`
	HTTP       []Exchange   `json:"http" doc:"HTTP/1.x; the newest are kept"`
	DNS        []DNSMessage `json:"dns" doc:"The newest are kept"`
	TLS        *TLSHello    `json:"tls,omitempty"`
	Chunks     []Chunk      `json:"chunks" doc:"What was said, in order; only with bytes=true"`
	Cut        bool         `json:"cut" doc:"More was said than chunks hold"`
}

// StreamWay is one direction of a stream.
type StreamWay struct {
	Bytes   uint64 `json:"bytes" doc:"Put together"`
	Missing uint64 `json:"missing" doc:"Bytes that were not seen"`
	Closed  bool   `json:"closed" doc:"Read to its end"`
}

// Chunk is a piece of a stream: bytes, or how many are missing there.
type Chunk struct {
	From    string    `json:"from" enum:"client,server"`
	Time    time.Time `json:"time"`
	Data    []byte    `json:"data" doc:"Base64"`
	Missing uint64    `json:"missing" doc:"A gap of so many bytes"`
}

// Exchange is a request and the response to it; either may not have been seen.
type Exchange struct {
	Request  *HTTPRequest  `json:"request,omitempty"`
	Response *HTTPResponse `json:"response,omitempty"`
}

// HTTPRequest is what a client asked.
type HTTPRequest struct {
	Method string `json:"method"`
	URL    string `json:"url" doc:"With the host that the request names"`
	Target string `json:"target" doc:"As it was sent"`
	Host   string `json:"host"`
	HTTPMessage
}

// HTTPResponse is what a server answered.
type HTTPResponse struct {
	Status int    `json:"status"`
	Reason string `json:"reason"`
	HTTPMessage
}

// HTTPMessage is what requests and responses have in common.
type HTTPMessage struct {
	Version          string    `json:"version" example:"HTTP/1.1"`
	Begin            time.Time `json:"begin,omitzero"`
	End              time.Time `json:"end,omitzero" doc:"Absent while it is under way"`
	ContentType      string    `json:"contentType"`
	ContentEncoding  string    `json:"contentEncoding"`
	TransferEncoding string    `json:"transferEncoding"`
	BodyBytes        uint64    `json:"bodyBytes" doc:"As it was sent"`
	Missing          uint64    `json:"missing" doc:"Of those, the ones that were not seen"`
	DecodedBytes     uint64    `json:"decodedBytes" doc:"Decompressed"`
	DecodedPartly    bool      `json:"decodedPartly" doc:"It is more than that, or not known"`
	Body             []byte    `json:"body,omitempty" doc:"Its beginning, decompressed, in base64; only with bytes=true"`
}

// DNSMessage is a question or an answer.
type DNSMessage struct {
	Time      time.Time     `json:"time"`
	From      string        `json:"from" enum:"client,server"`
	ID        int           `json:"id"`
	Response  bool          `json:"response"`
	Code      string        `json:"code" example:"NOERROR" doc:"RCODE"`
	Cut       bool          `json:"cut" doc:"Less could be read than it announces"`
	Questions []DNSQuestion `json:"questions"`
	Answers   []DNSRecord   `json:"answers"`
}

// DNSQuestion is what is asked.
type DNSQuestion struct {
	Name string `json:"name"`
	Type string `json:"type" example:"A"`
}

// DNSRecord is a resource record of the answer section.
type DNSRecord struct {
	Name string `json:"name"`
	Type string `json:"type" example:"A"`
	TTL  uint32 `json:"ttl" doc:"Seconds"`
	Data string `json:"data" doc:"As a zone file has it; empty for types that are not known"`
}

// TLSHello is what the two ends of a TLS connection said in the clear.
type TLSHello struct {
	ServerName string   `json:"serverName" doc:"SNI; empty: the client named none"`
	Version    string   `json:"version" example:"TLS 1.3" doc:"That the server took; empty: not seen"`
	Offered    []string `json:"offered" doc:"Application protocols that the client offers"`
	Protocol   string   `json:"protocol" doc:"The one that the server took, which TLS 1.3 hides"`
}

// Following says since when streams are put together, and what was looked at.
type Following struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero" doc:"When it ends unless somebody asks again"`
	Packets uint64    `json:"packets" doc:"Looked at since then"`
	Missed  uint64    `json:"missed" doc:"Packets that arrived and were not looked at in time: gaps"`
	Evicted uint64    `json:"evicted" doc:"Streams that made room for others"`
	Payload bool      `json:"payload" doc:"What was said may be asked for with bytes=true"`
}

// StreamList is a page of streams without their chunks, the oldest first.
type StreamList struct {
	Following     Following `json:"following"`
	Verdict       Verdict   `json:"verdict" doc:"Of the session: whether its mirror delivers"`
	Items         []Stream  `json:"items"`
	NextPageToken string    `json:"nextPageToken"`
}
