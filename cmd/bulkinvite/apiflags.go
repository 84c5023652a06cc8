package main

import (
	"context"
	"errors"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/client"
)

// apiFlags are the flags of commands that ask the API about what a ledger has,
// and send nothing.
type apiFlags struct {
	ledger     string
	base       baseURL
	apiKeyFile string
	batch      batch.Options
}

func (f *apiFlags) add(flags *pflag.FlagSet) {
	f.batch = batch.DefaultOptions()
	f.base.url = client.DefaultBaseURL
	addLedgerFlag(flags, &f.ledger)
	flags.Var(&f.base, "base-url", "the API; https, or http on this machine")
	flags.Var(File(&f.apiKeyFile), "api-key-file", "a file that holds the API key")
	flags.Var(Fraction(&f.batch.Rate, 0, 1e6, true), "rate", "requests per second")
	flags.Var(Span(&f.batch.Timeout), "timeout", "of one request")
}

// connect makes the client. It sends nothing yet.
func (f *apiFlags) connect(a *app, log zerolog.Logger) (*client.Client, error) {
	opts := clientOptions(f.base.url, f.batch)
	var err error
	if opts.Key, err = findKey(f.apiKeyFile, a.environ, log); err != nil {
		return nil, err
	}
	return client.New(opts)
}

// clientOptions returns what the flags say of the client, but for the key.
func clientOptions(baseURL string, opts batch.Options) client.Options {
	return client.Options{
		BaseURL:   baseURL,
		Timeout:   opts.Timeout,
		MaxConns:  max(64, opts.Concurrency+1), // else more workers would wait for each other
		UserAgent: "bulkinvite/" + thisBuild().version,
	}
}

// takeLedger takes the ledger for a run. It makes none, as ledger.Open would.
func (a *app) takeLedger(ctx context.Context, named string) (store *ledger.Store, err error) {
	err = a.readLedger(ctx, named, func(_ *ledger.Reader, path string) error {
		store, err = ledger.Open(ctx, path, ledger.Options{})
		if errors.Is(err, ledger.ErrLocked) {
			return &failure{code: exitLocked, err: err}
		}
		return err
	})
	return store, err
}
