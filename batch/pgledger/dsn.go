package pgledger

import (
	"errors"
	"net"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errDSN says nothing of the text that it is about: a password may be in it.
var errDSN = errors.New("the ledger's address cannot be read; it looks like postgres://USER@HOST/DATABASE")

// parse reads a URL or DSN. Where nothing says how safe the way to the server is,
// it has to be encrypted and the server known, but for one on this machine.
func parse(dsn string) (config *pgxpool.Config, warnings []string, err error) {
	if config, err = pgxpool.ParseConfig(dsn); err != nil {
		return nil, nil, errDSN
	}
	if !saysTLS(dsn) {
		mode := "verify-full"
		if isLocal(&config.ConnConfig.Config) {
			mode = "disable"
		}
		if config, err = pgxpool.ParseConfig(withTLS(dsn, mode)); err != nil {
			return nil, nil, errDSN
		}
	}
	if weak := weakness(&config.ConnConfig.Config); weak != "" {
		warnings = append(warnings, weak)
	}
	config.ConnConfig.RuntimeParams["application_name"] = "bulkinvite"
	return config, warnings, nil
}

// saysTLS reports whether somebody has decided. A service file is taken to.
func saysTLS(dsn string) bool {
	return strings.Contains(dsn, "sslmode=") || strings.Contains(dsn, "service=") ||
		os.Getenv("PGSSLMODE") != "" || os.Getenv("PGSERVICE") != ""
}

func withTLS(dsn, mode string) string {
	switch {
	case !strings.Contains(dsn, "://"):
		return dsn + " sslmode=" + mode
	case strings.Contains(dsn, "?"):
		return dsn + "&sslmode=" + mode
	default:
		return dsn + "?sslmode=" + mode
	}
}

// isLocal reports whether all hosts are sockets or this machine.
func isLocal(c *pgconn.Config) bool {
	local := isLocalHost(c.Host)
	for _, f := range c.Fallbacks {
		local = local && isLocalHost(f.Host)
	}
	return local
}

func isLocalHost(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" || ip != nil && ip.IsLoopback()
}

// weakness says what is wrong with the way to a server elsewhere, or "".
func weakness(c *pgconn.Config) string {
	ways := []*pgconn.FallbackConfig{{Host: c.Host, TLSConfig: c.TLSConfig}}
	for _, way := range append(ways, c.Fallbacks...) {
		switch {
		case isLocalHost(way.Host):
		case way.TLSConfig == nil:
			return "the ledger on " + way.Host + " is reached without TLS: whoever listens reads who is invited; sslmode=verify-full in its address ends that"
		case way.TLSConfig.InsecureSkipVerify:
			return "whether " + way.Host + " is the ledger's server is not checked; sslmode=verify-full in its address ends that"
		}
	}
	return ""
}
