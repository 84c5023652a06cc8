package pgtest_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"bulkinvite/batch/pgledger/pgtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

func value(t *testing.T, url, query string) (text string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// Every test has a database of its own, on a server that loses nothing.
func TestDatabase(t *testing.T) {
	one, two := pgtest.Database(t), pgtest.Database(t)
	if a, b := value(t, one, "select current_database()"), value(t, two, "select current_database()"); a == b {
		t.Errorf("both are %s", a)
	}
	if on := value(t, one, "show fsync"); on != "on" {
		t.Error("fsync is", on)
	}
}

// What was committed is there after the server was killed.
func TestKill(t *testing.T) {
	s := pgtest.New(t)
	url := s.Database(t)
	c, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_, err = c.Exec(t.Context(), "create table kept (x text)")
		_ = c.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	if c, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("it lives")
		_ = c.Close(t.Context())
	}
	s.Start(t)
	if n := value(t, url, "select count(*)::text from kept"); n != "0" {
		t.Error(n)
	}
}
