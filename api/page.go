package api

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
)

// page cuts the asked page out of items, which are ordered by key. The token holds the last key of the page before, so that what
// comes and goes in between neither repeats nor hides an item that stays.
func page[T any](items []T, q PageQuery, key func(T) string) (cut []T, next string, problem *wire.Problem) {
	if q.Token != "" {
		last, err := base64.RawURLEncoding.DecodeString(q.Token)
		if err != nil {
			return nil, "", invalidField("query.pageToken", "want the nextPageToken of the page before")
		}
		at, found := slices.BinarySearchFunc(items, string(last), func(item T, k string) int { return strings.Compare(key(item), k) })
		if found {
			at++
		}
		items = items[at:]
	}
	if len(items) <= q.Size {
		return items, "", nil
	}
	items = items[:q.Size]
	return items, base64.RawURLEncoding.EncodeToString([]byte(key(items[q.Size-1]))), nil
}
