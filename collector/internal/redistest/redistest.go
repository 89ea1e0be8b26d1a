// Package redistest starts servers of Redis or Valkey for tests.
package redistest

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
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
	more    []string
	process *exec.Cmd
}

// Start starts a server; where there is none to start, the test is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t)
}

// StartCluster starts a cluster of one server.
func StartCluster(t testing.TB) *Server {
	t.Helper()
	s := start(t, "--cluster-enabled", "yes")
	connection, err := net.Dial("tcp", s.Address)
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	_, err = io.WriteString(connection, "CLUSTER ADDSLOTSRANGE 0 16383\r\n")
	require.NoError(t, err)
	said, err := bufio.NewReader(connection).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "+OK\r\n", said)
	require.Eventually(t, func() bool {
		_, err := io.WriteString(connection, "CLUSTER INFO\r\n")
		said := make([]byte, 4096)
		n, _ := connection.Read(said)
		return err == nil && strings.Contains(string(said[:n]), "cluster_state:ok")
	}, 30*time.Second, 10*time.Millisecond)
	return s
}

func start(t testing.TB, more ...string) *Server {
	t.Helper()
	s := &Server{t: t, more: more}
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
	arguments := []string{"--bind", host, "--port", port,
		"--save", "", "--appendonly", "no", "--dir", s.t.TempDir(), "--maxmemory", strconv.Itoa(256 << 20)}
	s.process = exec.Command(s.path, append(arguments, s.more...)...)
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
