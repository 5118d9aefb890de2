package vcenter

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

type reference = types.ManagedObjectReference

// object is a managed object with the properties that were asked for and are set. It is decoded by hand: govmomi's loader panics
// where a value is not of the type it expects.
type object struct {
	ref   reference
	value map[string]any
}

const (
	pageSize = 500 // objects of one reply

	// maxObjects bounds what is kept of one read; vCenter's own limit is 40,000 VMs.
	maxObjects = 500_000
)

// retrieve reads properties, all pages of them. A page or a property that cannot be read is an error; an object that went away
// meanwhile is not in the result.
func (c *connection) retrieve(ctx context.Context, spec types.PropertyFilterSpec) ([]object, error) {
	contents, err := c.pages(ctx, spec)
	if err != nil {
		return nil, err
	}
	objects := make([]object, 0, len(contents))
	for _, content := range contents {
		gone, err := missed(content)
		if err != nil {
			return nil, err
		}
		if gone {
			continue
		}
		o := object{content.Obj, make(map[string]any, len(content.PropSet))}
		for _, p := range content.PropSet {
			o.value[p.Name] = p.Val
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func (c *connection) pages(ctx context.Context, spec types.PropertyFilterSpec) ([]types.ObjectContent, error) {
	collector := c.vim.ServiceContent.PropertyCollector
	first, err := methods.RetrievePropertiesEx(ctx, c.vim, &types.RetrievePropertiesEx{
		This:    collector,
		SpecSet: []types.PropertyFilterSpec{spec},
		Options: types.RetrieveOptions{MaxObjects: c.pageSize},
	})
	if err != nil || first.Returnval == nil {
		return nil, err
	}
	contents, token := first.Returnval.Objects, first.Returnval.Token
	for token != "" {
		next, err := methods.ContinueRetrievePropertiesEx(ctx, c.vim, &types.ContinueRetrievePropertiesEx{This: collector, Token: token})
		if err != nil {
			return nil, err
		}
		contents, token = append(contents, next.Returnval.Objects...), next.Returnval.Token
		if len(contents) > maxObjects {
			return nil, fmt.Errorf("vCenter sends more than %d objects", maxObjects)
		}
	}
	return contents, nil
}

// missed looks through what could not be read of an object.
func missed(content types.ObjectContent) (gone bool, err error) {
	if len(content.MissingSet) == 0 {
		return false, nil
	}
	m := content.MissingSet[0] // one is enough: nothing that is incomplete is used
	e := errTask{m.Fault}
	if vanished(e) {
		return true, nil
	}
	return false, fmt.Errorf("reading %s of %s: %w", m.Path, content.Obj.Value, e)
}

// get returns a property; the zero value when it is not set.
func get[T any](o object, name string) T {
	v, _ := as[T](o.value[name])
	return v
}

// name returns an object's name the way a person reads it: vCenter escapes at least "%", "/" and "\\" (ManagedEntity.name).
func name(o object) string { return unescape(get[string](o, "name")) }

// as reads a value that may come as T or as a pointer to it.
func as[T any](v any) (T, bool) {
	switch x := v.(type) {
	case T:
		return x, true
	case *T:
		if x != nil {
			return *x, true
		}
	}
	var zero T
	return zero, false
}

// within makes a filter over everything of some kinds below a folder, by a view that the caller destroys.
func within(view reference, kinds ...types.PropertySpec) types.PropertyFilterSpec {
	return types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{
			Obj:       view,
			Skip:      types.NewBool(true),
			SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view"}},
		}},
		PropSet: kinds,
	}
}

func kind(name string, paths ...string) types.PropertySpec {
	return types.PropertySpec{Type: name, PathSet: paths}
}

// exactly makes a filter over given objects.
func exactly(refs []reference, kinds ...types.PropertySpec) types.PropertyFilterSpec {
	spec := types.PropertyFilterSpec{PropSet: kinds}
	for _, ref := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: ref})
	}
	return spec
}
