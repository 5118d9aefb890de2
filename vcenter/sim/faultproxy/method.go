package faultproxy

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
)

// REST is the method of a request to vCenter's REST interface: a path under /rest or /api.
const REST = "REST"

// maxMethod bounds what is taken for the name of a method.
const maxMethod = 100

// methodOf names what a request calls: the first element in the SOAP body, REST, or "" for anything else.
func methodOf(r *http.Request, body []byte) string {
	for _, root := range []string{"/rest", "/api"} {
		if r.URL.Path == root || strings.HasPrefix(r.URL.Path, root+"/") {
			return REST
		}
	}
	if r.Method != http.MethodPost {
		return ""
	}
	return soapMethod(body)
}

// soapMethod reads as far as the name of the first element in the body of a SOAP envelope.
func soapMethod(envelope []byte) string {
	tokens := xml.NewDecoder(bytes.NewReader(envelope))
	inBody := false
	for depth := 0; ; {
		token, err := tokens.RawToken()
		if err != nil {
			return ""
		}
		switch element := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case inBody && depth == 3:
				if name := element.Name.Local; len(name) <= maxMethod {
					return name
				}
				return ""
			case depth == 2:
				inBody = element.Name.Local == "Body"
			}
		case xml.EndElement:
			depth--
		}
	}
}
