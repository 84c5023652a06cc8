package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// DefaultBaseURL is where the provider serves the API.
const DefaultBaseURL = "https://public.api.micro1.ai"

// ParseBaseURL returns the normal form of a base URL: lower-case scheme and
// host, no default port, no slash at the end; a path is kept. Two spellings of
// one URL have one normal form, so it can be part of a key.
//
// The scheme must be https; http sends the API key in the clear and is for
// this machine only (127.0.0.0/8, ::1, localhost). User, query and fragment
// are errors, and no error shows them: people paste keys there.
func ParseBaseURL(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("the base URL is empty: write it like " + DefaultBaseURL)
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", unreadableURL(s, err)
	}
	scheme := strings.ToLower(u.Scheme)
	switch {
	case u.User != nil:
		return "", errors.New("the base URL has a user in it: leave out everything up to the @")
	case scheme != "https" && scheme != "http":
		return "", errors.New("the base URL does not start with https://: write it like " + DefaultBaseURL +
			", or like http://localhost:8080 for this machine")
	case u.RawQuery != "" || u.ForceQuery:
		return "", errors.New("the base URL has a query: leave out the ? and what follows")
	case strings.Contains(s, "#"):
		return "", errors.New("the base URL has a fragment: leave out the # and what follows")
	}
	host, loopback, err := normalHost(u.Hostname())
	if err != nil {
		return "", err
	}
	if scheme == "http" && !loopback {
		return "", fmt.Errorf("http:// would send the API key to %s in the clear: write https:// (http:// is for this machine only: 127.0.0.1, ::1, localhost)", host)
	}
	port, err := normalPort(scheme, u.Port())
	if err != nil {
		return "", err
	}
	return scheme + "://" + host + port + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// unreadableURL says why s is no URL, without the parts that may be secret.
func unreadableURL(s string, err error) error {
	if parse := (*url.Error)(nil); errors.As(err, &parse) && !strings.ContainsAny(s, "@?#") {
		return fmt.Errorf("the base URL cannot be read (%w): write it like %s", parse.Err, DefaultBaseURL)
	}
	return errors.New("the base URL cannot be read: write it like " + DefaultBaseURL + ", without user, query and fragment")
}

// normalHost returns the host as it stands in a URL, and whether it is this
// machine.
func normalHost(host string) (normal string, loopback bool, err error) {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		if addr.Is6() {
			return "[" + addr.String() + "]", addr.IsLoopback(), nil
		}
		return addr.String(), addr.IsLoopback(), nil
	}
	host = strings.ToLower(host)
	if host == "" {
		return "", false, errors.New("the base URL has no host: write it like " + DefaultBaseURL)
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", false, fmt.Errorf("the base URL has the host %q, which is no host name: write it like %s", host, DefaultBaseURL)
		}
	}
	return host, host == "localhost", nil
}

// IsLoopback reports whether a host of a URL is this machine.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// normalPort returns the port with its colon, or "" for the scheme's own.
func normalPort(scheme, port string) (string, error) {
	if port == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("the base URL has the port %s: ports go from 1 to 65535", port)
	}
	if scheme == "https" && n == 443 || scheme == "http" && n == 80 {
		return "", nil
	}
	return net.JoinHostPort("", strconv.FormatUint(n, 10)), nil
}
