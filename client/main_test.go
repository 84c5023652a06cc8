package client

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

const testProxy = "proxy.invalid:3128"

// The environment has proxies for everything in all tests: every test that
// reaches a server on loopback shows that loopback does not use them.
// net/http reads them once, so they cannot be set in a test of their own.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		os.Setenv(name, "http://"+testProxy)
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		os.Unsetenv(name)
	}
	goleak.VerifyTestMain(m)
}
