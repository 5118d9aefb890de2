package api

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// Listen opens a TCP listener on a loopback address, e.g. "127.0.0.1:8080", "[::1]:8080" or "localhost:0". Whatever else is
// asked for is refused: whoever reaches the API may mirror any VM's traffic, and there are no access rights to stop him.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: want HOST:PORT, e.g. 127.0.0.1:8080: %w", address, err)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, context.Cause(ctx))
	}
	ip, err := loopback(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(ip.String(), port))
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return l, nil
}

// loopback returns the address that host stands for, if all it stands for is loopback.
func loopback(ctx context.Context, host string) (netip.Addr, error) {
	const refused = "refused, because there are no access rights yet and so the API listens on loopback only: %s; " +
		"give 127.0.0.1:PORT, and reach it from elsewhere through an SSH tunnel (ssh -L)"
	if host == "" {
		return netip.Addr{}, fmt.Errorf(refused, "no host means every interface")
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the address of the host: %w", err)
	}
	for _, a := range addresses {
		if !a.Unmap().IsLoopback() {
			return netip.Addr{}, fmt.Errorf(refused, a.Unmap().String()+" is not a loopback address")
		}
	}
	for _, a := range addresses {
		if a.Unmap().Is4() {
			return a.Unmap(), nil // "localhost" is both families; clients try this one even where IPv6 is off
		}
	}
	return addresses[0], nil
}
