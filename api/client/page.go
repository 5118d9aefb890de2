package client

import (
	"maps"
	"net/url"
)

// all collects every page of a list.
func all[T any](query url.Values, get func(url.Values) ([]T, string, error)) ([]T, error) {
	query = maps.Clone(query)
	query.Set("pageSize", "1000")
	items := []T{}
	for {
		page, next, err := get(query)
		if err != nil {
			return nil, err
		}
		items = append(items, page...)
		if next == "" {
			return items, nil
		}
		query.Set("pageToken", next)
	}
}

func setUnlessEmpty(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
