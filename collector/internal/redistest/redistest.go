// Package redistest starts servers of Redis or Valkey for tests.
package redistest

import (
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Server is a server that runs until the test ends.
type Server struct {
	// Address is its host and port.
	Address string

	t       testing.TB
	path    string
	process *exec.Cmd
}

// Start starts a server; where there is none to start, the test is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			s.path = path
		}
	}
	if s.path == "" {
		t.Skip("SKIPPED: neither redis-server nor valkey-server is there")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.Address = listener.Addr().String()
	require.NoError(t, listener.Close())
	t.Cleanup(s.Stop)
	s.Again()
	return s
}

// URL is where it is.
func (s *Server) URL() string { return "redis://" + s.Address }

// Again starts the server again, with nothing in it.
func (s *Server) Again() {
	s.t.Helper()
	host, port, err := net.SplitHostPort(s.Address)
	require.NoError(s.t, err)
	s.process = exec.Command(s.path, "--bind", host, "--port", port,
		"--save", "", "--appendonly", "no", "--dir", s.t.TempDir(), "--maxmemory", strconv.Itoa(256<<20))
	require.NoError(s.t, s.process.Start())
	require.Eventually(s.t, func() bool {
		connection, err := net.Dial("tcp", s.Address)
		if err == nil {
			err = connection.Close()
		}
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)
}

// Stop ends the server.
func (s *Server) Stop() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	s.process = nil
}
