package shared

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
)

// Whoever answers in place of a store has no say over the memory of a Collector: there is a
// bound on what answers on a connection may take, by what was asked on it.
const (
	// A key takes some 40 bytes of a question, and its value no more than 20 KiB.
	answeredByte = 640
	// For what is asked for in a word: what the client wants to know of a cluster.
	answeredAtLeast = 4 << 20
	// What was not said may be said later, up to this.
	answeredLater = 16 << 20
)

var errTooMuch = errors.New("it answers with more than it was asked for")

// bounded is a connection that fails when more comes, or is announced, than was asked for.
type bounded struct {
	net.Conn
	left    atomic.Int64
	replies replies
}

// bound makes a dialer one of bounded connections.
func bound(
	dial func(context.Context, string, string) (net.Conn, error),
) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		of := &bounded{Conn: connection}
		if raw, ok := connection.(syscall.Conn); ok {
			return plain{of, raw}, nil
		}
		return of, nil
	}
}

func (b *bounded) Write(bytes []byte) (int, error) {
	b.left.Store(min(b.left.Load(), answeredLater) + int64(len(bytes))*answeredByte + answeredAtLeast)
	return b.Conn.Write(bytes)
}

func (b *bounded) Read(bytes []byte) (int, error) {
	n, err := b.Conn.Read(bytes)
	takes, wrong := b.replies.read(bytes[:n])
	if wrong != nil {
		return 0, wrong
	}
	if b.left.Add(-takes) < 0 {
		return 0, errTooMuch
	}
	return n, err
}

// plain is one of which the client can see whether the other side has ended it.
type plain struct {
	*bounded
	raw syscall.Conn
}

// SyscallConn is that of the connection.
func (p plain) SyscallConn() (syscall.RawConn, error) { return p.raw.SyscallConn() }
