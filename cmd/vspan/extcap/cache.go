package extcap

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/vspan-io/vspan/mirror/filelock"
)

// Cache keeps the directory of one daemon in a file of the user's, so that Wireshark is answered also while the daemon is away.
type Cache struct{ path, server string }

const (
	maxCache = 2 << 20 // bytes
	maxAge   = 24 * time.Hour
)

// NewCache returns the cache for the daemon at an address, in the user's directory for caches.
func NewCache(server string) (Cache, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return Cache{}, fmt.Errorf("keep what there is to capture: %w", err)
	}
	return cacheIn(filepath.Join(base, "vspan"), server), nil
}

func cacheIn(folder, server string) Cache {
	sum := sha256.Sum256([]byte(server))
	return Cache{filepath.Join(folder, "extcap-"+hex.EncodeToString(sum[:8])+".json"), server}
}

// Read returns what was written last, if that is not too old. What the file has is not trusted.
func (c Cache) Read(now time.Time) (Directory, error) {
	info, err := os.Lstat(c.path)
	if err != nil {
		return Directory{}, err
	}
	if !info.Mode().IsRegular() {
		return Directory{}, errors.New("the cache is no regular file")
	}
	f, err := os.Open(c.path)
	if err != nil {
		return Directory{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCache))
	if err != nil {
		return Directory{}, err
	}
	return c.decode(text, now)
}

func (c Cache) decode(text []byte, now time.Time) (Directory, error) {
	var d Directory
	if err := json.Unmarshal(text, &d); err != nil {
		return Directory{}, fmt.Errorf("understand the cache: %w", err)
	}
	if age := now.Sub(d.At); d.Server != c.server || age > maxAge || age < -time.Hour {
		return Directory{}, errors.New("the cache is of another daemon, or of another day")
	}
	return d.sound(), nil
}

// Write keeps a directory in place of the one before, for the user alone.
func (c Cache) Write(d Directory) error {
	d.Server = c.server
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	folder := filepath.Dir(c.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "extcap-*.part") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Alone runs f unless another process does so for the same cache; then it returns at once.
func (c Cache) Alone(f func() error) error {
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return err
	}
	held, err := os.OpenFile(c.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer held.Close()
	if filelock.Take(held) != nil {
		return nil
	}
	return f()
}
