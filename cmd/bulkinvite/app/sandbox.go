package app

import (
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// headerTimeout is how long the sandbox waits for the header of a request.
const headerTimeout = 10 * time.Second

// ServeSandbox serves the sandbox on a listener until stop is called.
func ServeSandbox(listener net.Listener, handler *sandbox.Server) (stop func() error) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          log.New(os.Stderr, "sandbox: ", log.LstdFlags), // main silences the standard one
	}
	var g errgroup.Group
	g.Go(batch.Guard(func() error { return server.Serve(listener) }))
	return func() error {
		handler.Close()
		err := server.Close()
		if serveErr := g.Wait(); !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}
}
