package shared

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Servers are where a store is.
type Servers struct {
	// Addresses are hosts with their ports.
	Addresses []string
	// TLS says whether they are spoken to by TLS.
	TLS bool
	// Database is the number of the database.
	Database int
}

const defaultPort = "6379"

var schemes = map[string]bool{"redis": false, "valkey": false, "rediss": true, "valkeys": true}

// ParseURLs reads URLs such as redis://localhost:6379/1.
func ParseURLs(urls []string) (Servers, error) {
	var servers Servers
	for n, text := range urls {
		address, tls, database, err := parseURL(text)
		if err != nil {
			return Servers{}, err
		}
		if n > 0 && (tls != servers.TLS || database != servers.Database) {
			return Servers{}, errors.New("endpoints: they differ in more than the server")
		}
		servers.Addresses = append(servers.Addresses, address)
		servers.TLS, servers.Database = tls, database
	}
	return servers, nil
}

func parseURL(text string) (address string, tls bool, database int, err error) {
	malformed := errors.New("endpoint: it is no URL of a store; it takes redis://host:6379, or rediss:// for TLS " +
		"(valkey:// and valkeys:// mean the same); /1 behind it names a database other than 0")
	parsed, err := url.Parse(text)
	if err != nil {
		return "", false, 0, malformed
	}
	if parsed.User != nil {
		return "", false, 0, errors.New("endpoint: it has credentials in it, which would show in logs; give username and password")
	}
	tls, ok := schemes[parsed.Scheme]
	if !ok || parsed.Hostname() == "" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", false, 0, malformed
	}
	port := parsed.Port()
	if port == "" {
		port = defaultPort
	}
	if number := strings.TrimPrefix(parsed.Path, "/"); number != "" {
		if database, err = strconv.Atoi(number); err != nil || database < 0 {
			return "", false, 0, fmt.Errorf("endpoint: %q is no number of a database", number)
		}
	}
	return net.JoinHostPort(parsed.Hostname(), port), tls, database, nil
}
