package api

import (
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	swagger "github.com/swaggest/swgui/v5emb"
)

// docsPolicy lets the page of Swagger UI, which has an inline script and style, load from this server and from nowhere else.
const docsPolicy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

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
	page := swagger.New("vspan", "/openapi.json", "/docs/")
	docs := func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", docsPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		page.ServeHTTP(w, req)
	}
	r.Get("/docs", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/docs/", http.StatusMovedPermanently)
	})
	r.Get("/docs/", docs)
	for _, file := range []string{
		"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "oauth2-redirect.html", "favicon-16x16.png", "favicon-32x32.png",
	} {
		r.Get("/docs/"+file, docs)
	}
}
