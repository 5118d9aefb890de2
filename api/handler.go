package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// New returns the handler of the whole API. It starts nothing. It panics when one registry is given to two handlers.
func New(o Options) http.Handler {
	o = o.withDefaults()
	r := chi.NewRouter()
	// limit comes before the guards: net/http reads what they leave of a body, without a limit of time.
	r.Use(observe(newTraffic(o.Metrics), o.Log), recoverPanics(o.Log), secure, limit, onlyLoopbackHost, onlySameOrigin, headAsGet)
	r.NotFound(func(w http.ResponseWriter, req *http.Request) {
		writeProblem(w, noRoute.problem("no such path; /docs lists what there is"))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) { refuseMethod(r, w, req) })

	a := humachi.New(r, document(o.Version))
	s := newSessions(o)
	s.register(a)
	s.registerVerify(a)
	newEvents(s).register(a)
	newConversations(s, o).register(a)
	newCaptures(s, o).register(a)
	switches{o.Inventory, o.Store, o.Owner, o.Brake, o.Writer}.register(a)
	orphans{o.Orphans, o.Inventory, o.Store, o.Board, o.Owner, o.Log}.register(a)
	cluster{o.Cluster, o.Log}.register(a)
	reception{o.Receivers, o.Unclaimed}.register(a)
	examination{s, o.Facts}.register(a)
	health{o.Ready, o.Version}.register(a)

	r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{Registry: o.Metrics}))
	r.Method(http.MethodGet, "/probe", blackbox{o.Store, o.Board, o.Log})
	mountDocs(r, a.OpenAPI())
	return r
}

// refuseMethod answers 405 with the methods there are; or 404 for /v1/sessions/NAME:verb with a verb that does not exist, which
// the router takes for a name.
func refuseMethod(routes chi.Routes, w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, ":") {
		writeProblem(w, noRoute.problem("no such path; /docs lists what there is"))
		return
	}
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		lookedFor := m
		if m == http.MethodHead {
			lookedFor = http.MethodGet
		}
		if routes.Match(chi.NewRouteContext(), lookedFor, r.URL.EscapedPath()) {
			allowed = append(allowed, m)
		}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeProblem(w, methodNotAllowed.problem("there is %s", strings.Join(allowed, ", ")))
}

// document is the frame of the OpenAPI document and the way bodies are read: JSON only, unknown query parameters refused, no
// $schema links, no page that loads from elsewhere.
func document(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "vspan",
				Version:     version,
				Description: description,
			},
			Tags: []*huma.Tag{
				{Name: "sessions", Description: "Mirrors: what is asked for and what is known about it"},
				{Name: "conversations", Description: "What is said in the mirrors: flows, what is wrong with them, streams, talkers"},
				{Name: "events", Description: "What happened"},
				{Name: "switches", Description: "What can be mirrored, and who else mirrors"},
				{Name: "orphans", Description: "What stands on the switches and belongs to no session"},
				{Name: "cluster", Description: "The daemons that keep the desired state together"},
				{Name: "reception", Description: "What takes the mirrors in"},
				{Name: "health", Description: "For load balancers and supervisors"},
			},
		},
		// "json" is how huma looks up application/problem+json.
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

const description = `Port mirroring of vSphere distributed switches, with proof that it delivers.

Every error is an RFC 9457 problem with a stable ` + "`code`" + `. Unknown fields and query parameters are refused. A query parameter that is
given must have a value. Bodies are JSON of at most 1 MiB; with curl use ` + "`--json`" + `, because ` + "`-d`" + ` alone says that it sends a form.`
