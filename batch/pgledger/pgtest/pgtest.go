//go:build unix

// Package pgtest starts throw-away PostgreSQL servers for tests. It knows how a
// server is made, stopped and killed; it must not know what is kept in it.
//
// A server has its data in memory where the system has room for that, syncs all
// the same, as a ledger demands, and listens on a socket alone. It goes when the
// tests do, however they end.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// otherServer names a server that is used instead, by its URL.
const otherServer = "BULKINVITE_TEST_POSTGRES"

// common is the server that the tests of one binary share.
var common struct {
	once   sync.Once
	server *Server
	err    error
}

var databases atomic.Int64

// Database returns the URL of an empty database on a server that the tests of a
// binary share. Stop has to be called behind the last test.
func Database(t testing.TB) string {
	t.Helper()
	if url := os.Getenv(otherServer); url != "" {
		return makeDatabase(t, url)
	}
	need(t)
	common.once.Do(func() { common.server, common.err = start() })
	if common.err != nil {
		t.Fatal(common.err)
	}
	return makeDatabase(t, common.server.URL("postgres"))
}

// Stop ends the server that tests share, if there is one.
func Stop() {
	if common.server != nil {
		common.server.Stop()
	}
}

func makeDatabase(t testing.TB, url string) string {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	ctx := context.Background()
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "create database "+name); err != nil {
		t.Fatal(err)
	}
	if common.server == nil { // else it goes with the server
		t.Cleanup(func() { dropDatabase(t, config, name) })
	}
	return withDatabase(t, url, name)
}

func dropDatabase(t testing.TB, config *pgx.ConnConfig, name string) {
	ctx := context.Background()
	c, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		_, err = c.Exec(ctx, "drop database "+name+" with (force)")
		_ = c.Close(ctx)
	}
	if err != nil {
		t.Error(err)
	}
}

// need skips a test where there is no PostgreSQL, and fails it in CI.
func need(t testing.TB) {
	t.Helper()
	if _, err := binaries(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
