package vcenter

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// view makes a ContainerView of everything of some kinds that the user may see; destroy it by drop.
func (c *connection) view(ctx context.Context, kinds ...string) (reference, error) {
	res, err := methods.CreateContainerView(ctx, c.vim, &types.CreateContainerView{
		This:      *c.vim.ServiceContent.ViewManager,
		Container: c.vim.ServiceContent.RootFolder,
		Type:      kinds,
		Recursive: true,
	})
	if err != nil {
		return reference{}, err
	}
	return res.Returnval, nil
}

// drop destroys a view, also after the end of ctx. A view that is left over goes with the login.
func (c *connection) drop(ctx context.Context, view reference) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	_, _ = methods.DestroyView(ctx, c.vim, &types.DestroyView{This: view})
}

// survey reads properties of everything that the user may see of the kinds.
func (c *connection) survey(ctx context.Context, kinds ...types.PropertySpec) ([]object, error) {
	var names []string
	for _, k := range kinds {
		names = append(names, k.Type)
	}
	view, err := c.view(ctx, names...)
	if err != nil {
		return nil, err
	}
	defer c.drop(ctx, view)
	return c.retrieve(ctx, within(view, kinds...))
}
