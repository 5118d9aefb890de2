package etcd

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// volume is a file system that forgets, when the power fails, what was not synced: what was written to a file since its last fsync
// or fdatasync, and entries of a directory that was not synced, unless the file itself was (as ext4 and xfs have it).
type volume struct {
	mu   sync.Mutex
	last uint64
	root *entry
}

type entry struct {
	id     uint64
	parent *entry
	name   string
	mode   uint32

	data, synced []byte
	pending      []func([]byte) []byte // what makes data of synced

	children, syncedChildren map[string]*entry // of a directory
}

// mount mounts an empty volume; the test is skipped where it cannot.
func mount(t *testing.T) (*volume, string) {
	t.Helper()
	v := &volume{}
	v.root = v.make(nil, "", syscall.S_IFDIR|0o700)
	dir := t.TempDir()
	server, err := fs.Mount(dir, &inode{v: v, e: v.root}, &fs.Options{MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "vspan-test"}})
	if err != nil {
		t.Skipf("a file system that forgets cannot be mounted, so that this test shows nothing: it needs /dev/fuse and root: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
		server.Wait()
	})
	return v, dir
}

func (v *volume) make(parent *entry, name string, mode uint32) *entry {
	v.last++
	return &entry{id: v.last, parent: parent, name: name, mode: mode, children: map[string]*entry{}, syncedChildren: map[string]*entry{}}
}

// powerLoss copies what would be there afterwards to a directory: what was synced, and of all other writes those that luck keeps.
func (v *volume) powerLoss(t *testing.T, to string, luck func() bool) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.root.survive(to, luck); err != nil {
		t.Fatal(err)
	}
}

func (e *entry) survive(to string, luck func() bool) error {
	if e.mode&syscall.S_IFDIR == 0 {
		data := slices.Clone(e.synced)
		for _, do := range e.pending {
			if luck() {
				data = do(data)
			}
		}
		return os.WriteFile(to, data, 0o600)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for name, child := range e.syncedChildren {
		if err := child.survive(filepath.Join(to, name), luck); err != nil {
			return err
		}
	}
	return nil
}

// change does something to a file that is forgotten unless it is synced.
func (e *entry) change(do func([]byte) []byte) {
	e.data = do(e.data)
	e.pending = append(e.pending, do)
}

func (e *entry) sync() {
	for _, do := range e.pending {
		e.synced = do(e.synced)
	}
	e.pending = nil
	if e.mode&syscall.S_IFDIR != 0 {
		e.syncedChildren = maps.Clone(e.children)
	}
	for at := e; at.parent != nil; at = at.parent {
		if at.parent.children[at.name] == at {
			at.parent.syncedChildren[at.name] = at
		}
	}
}

func resize(to int) func([]byte) []byte {
	return func(b []byte) []byte {
		if to <= len(b) {
			return b[:to:to]
		}
		return append(b, make([]byte, to-len(b))...)
	}
}

func write(data []byte, at int) func([]byte) []byte {
	return func(b []byte) []byte {
		if end := at + len(data); end > len(b) {
			b = resize(end)(b)
		}
		copy(b[at:], data)
		return b
	}
}

// inode is an entry as the kernel sees it.
type inode struct {
	fs.Inode
	v *volume
	e *entry
}

var (
	_ fs.NodeLookuper  = (*inode)(nil)
	_ fs.NodeGetattrer = (*inode)(nil)
	_ fs.NodeSetattrer = (*inode)(nil)
	_ fs.NodeCreater   = (*inode)(nil)
	_ fs.NodeMkdirer   = (*inode)(nil)
	_ fs.NodeOpener    = (*inode)(nil)
	_ fs.NodeReader    = (*inode)(nil)
	_ fs.NodeWriter    = (*inode)(nil)
	_ fs.NodeFsyncer   = (*inode)(nil)
	_ fs.NodeAllocater = (*inode)(nil)
	_ fs.NodeUnlinker  = (*inode)(nil)
	_ fs.NodeRmdirer   = (*inode)(nil)
	_ fs.NodeRenamer   = (*inode)(nil)
	_ fs.NodeReaddirer = (*inode)(nil)
	_ fs.NodeStatfser  = (*inode)(nil)
)

func (n *inode) describe(e *entry, out *fuse.Attr) {
	out.Mode, out.Size, out.Nlink, out.Ino = e.mode, uint64(len(e.data)), 1, e.id
}

func (n *inode) node(ctx context.Context, e *entry) *fs.Inode {
	return n.NewInode(ctx, &inode{v: n.v, e: e}, fs.StableAttr{Mode: e.mode & syscall.S_IFMT, Ino: e.id})
}

func (n *inode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	e := n.e.children[name]
	if e == nil {
		return nil, syscall.ENOENT
	}
	n.describe(e, &out.Attr)
	return n.node(ctx, e), 0
}

func (n *inode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	n.describe(n.e, &out.Attr)
	return 0
}

func (n *inode) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	if size, ok := in.GetSize(); ok {
		n.e.change(resize(int(size)))
	}
	n.describe(n.e, &out.Attr)
	return 0
}

func (n *inode) make(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) *fs.Inode {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	e := n.v.make(n.e, name, mode)
	n.e.children[name] = e
	n.describe(e, &out.Attr)
	return n.node(ctx, e)
}

func (n *inode) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return n.make(ctx, name, mode|syscall.S_IFREG, out), nil, 0, 0
}

func (n *inode) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, name, mode|syscall.S_IFDIR, out), 0
}

func (n *inode) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, 0
}

func (n *inode) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	if off >= int64(len(n.e.data)) {
		return fuse.ReadResultData(nil), 0
	}
	return fuse.ReadResultData(dest[:copy(dest, n.e.data[off:])]), 0
}

func (n *inode) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	n.e.change(write(append([]byte(nil), data...), int(off)))
	return uint32(len(data)), 0
}

func (n *inode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	n.e.sync()
	return 0
}

func (n *inode) Allocate(_ context.Context, _ fs.FileHandle, off, size uint64, mode uint32) syscall.Errno {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	if end := int(off + size); mode == 0 && end > len(n.e.data) {
		n.e.change(resize(end))
	}
	return 0
}

func (n *inode) Unlink(_ context.Context, name string) syscall.Errno {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	delete(n.e.children, name)
	return 0
}

func (n *inode) Rmdir(ctx context.Context, name string) syscall.Errno { return n.Unlink(ctx, name) }

func (n *inode) Rename(_ context.Context, name string, to fs.InodeEmbedder, newName string, _ uint32) syscall.Errno {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	e, target := n.e.children[name], to.(*inode).e
	delete(n.e.children, name)
	target.children[newName] = e
	e.parent, e.name = target, newName
	return 0
}

func (n *inode) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	n.v.mu.Lock()
	defer n.v.mu.Unlock()
	var list []fuse.DirEntry
	for name, e := range n.e.children {
		list = append(list, fuse.DirEntry{Name: name, Mode: e.mode, Ino: e.id})
	}
	return fs.NewListDirStream(list), 0
}

func (n *inode) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	*out = fuse.StatfsOut{Bsize: 4096, Frsize: 4096, Blocks: 1 << 20, Bfree: 1 << 20, Bavail: 1 << 20, NameLen: 255}
	return 0
}
