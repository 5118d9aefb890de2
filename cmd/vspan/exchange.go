package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
)

// exchangeTeller prints HTTP exchanges, each once: when it is over, or, at the end, as far as it was seen.
type exchangeTeller struct{ told map[exchangeKey]bool }

// exchangeKey is an exchange of a stream, by when it began.
type exchangeKey struct {
	stream uint64
	begin  int64
}

// exchangeLine is an exchange as JSON: with the ends of its stream.
type exchangeLine struct {
	Stream uint64       `json:"stream"`
	Client wire.FlowEnd `json:"client"`
	Server wire.FlowEnd `json:"server"`
	wire.Exchange
}

// tell prints what was not told before. final says that there will be no more.
func (t *exchangeTeller) tell(cmd *cobra.Command, all []wire.Stream, output format, final bool) error {
	told := make(map[exchangeKey]bool)
	for _, s := range all {
		for _, e := range s.HTTP {
			k := exchangeKey{s.ID, begin(e).UnixNano()}
			if t.told[k] {
				told[k] = true
				continue
			}
			if !final && !over(e, s) {
				continue
			}
			told[k] = true
			if err := printExchange(cmd, s, e, output); err != nil {
				return err
			}
		}
	}
	t.told = told // of streams that are no more nothing need be known
	return nil
}

func begin(e wire.Exchange) time.Time {
	if e.Request != nil {
		return e.Request.Begin
	}
	return e.Response.Begin
}

func over(e wire.Exchange, s wire.Stream) bool {
	return e.Response != nil && !e.Response.End.IsZero() || s.FromServer.Closed
}

func printExchange(cmd *cobra.Command, s wire.Stream, e wire.Exchange, output format) error {
	if output == formatJSON {
		line := json.NewEncoder(cmd.OutOrStdout())
		line.SetEscapeHTML(false)
		return line.Encode(exchangeLine{s.ID, s.Client, s.Server, e})
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s  %-21s  %s\n", begin(e).UTC().Format("2006-01-02T15:04:05.000Z"), endText(s.Client), exchangeText(e))
	return err
}

// exchangeText is an exchange in one line: method, URL, status, type and decompressed size.
func exchangeText(e wire.Exchange) string {
	text := "(request not seen)"
	if e.Request != nil {
		text = printable(e.Request.Method + " " + e.Request.URL)
	}
	if e.Response == nil {
		return text + "  (no response seen)"
	}
	r := e.Response
	size := strconv.FormatUint(r.DecodedBytes, 10)
	if r.DecodedPartly {
		size = "at least " + size
	}
	text += fmt.Sprintf("  %d  %s  %s bytes", r.Status, orDash(r.ContentType), size)
	if r.ContentEncoding != "" {
		text += fmt.Sprintf(" (%s: %d)", printable(r.ContentEncoding), r.BodyBytes)
	}
	if r.Missing > 0 {
		text += fmt.Sprintf(", %d missing", r.Missing)
	}
	return text
}
