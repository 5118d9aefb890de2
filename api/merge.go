package api

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// mergeJSON applies a merge patch to a document (RFC 7396, section 2).
func mergeJSON(document, patch []byte) ([]byte, error) {
	target, err := decodeJSON(document)
	if err != nil {
		return nil, fmt.Errorf("read the document to merge into: %w", err)
	}
	changes, err := decodeJSON(patch)
	if err != nil {
		return nil, fmt.Errorf("read the merge patch: %w", err)
	}
	merged, err := json.Marshal(merge(target, changes))
	if err != nil {
		return nil, fmt.Errorf("write the merged document: %w", err)
	}
	return merged, nil
}

// decodeJSON keeps numbers as they are written.
func decodeJSON(text []byte) (v any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&v)
	return v, err
}

// merge is MergePatch of RFC 7396.
func merge(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range changes {
		if value == nil {
			delete(object, name)
			continue
		}
		object[name] = merge(object[name], value)
	}
	return object
}
