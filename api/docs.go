package api

import (
	"embed"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
)

// docsPolicy lets the page of Swagger UI, which styles its elements, load from this server and from nowhere else.
const docsPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// docsPage is the page that shows the document. It is ours, for the library's own makes its files ready whenever a program starts
// that has it, and has scripts within the page.
//
//go:embed docs/index.html docs/start.js
var docsPage embed.FS

// swaggerFiles serves Swagger UI itself, compressed as it lies in the binary where the client knows gzip.
var swaggerFiles = sync.OnceValue(func() http.Handler { return statigz.FileServer(static.FS) })

// mountDocs serves the OpenAPI document and the page that shows it; the page's files are in the binary.
func mountDocs(r chi.Router, document *huma.OpenAPI) {
	text, err := json.Marshal(document)
	if err != nil {
		panic("the OpenAPI document cannot be written: " + err.Error()) // fixed at compile time, and tested
	}
	r.Get("/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // fails only when the client is gone
	})
	r.Get("/docs", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/docs/", http.StatusMovedPermanently)
	})
	page := guardDocs(http.FileServerFS(docsPage))
	r.Get("/docs/", page)
	r.Get("/docs/start.js", page)
	for _, file := range []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-16x16.png", "favicon-32x32.png"} {
		r.Get("/docs/"+file, guardDocs(http.StripPrefix("/docs/", swaggerFiles())))
	}
}

// guardDocs says of an answer what a browser may do with it.
func guardDocs(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", docsPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, req)
	}
}
