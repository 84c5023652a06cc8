package app

import (
	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// APIFlags are the flags of commands that ask the API about people in a ledger
// and send nothing.
type APIFlags struct {
	Ledger     string
	BaseURL    string
	apiKeyFile string
	Batch      batch.Options
}

// Add adds the flags.
func (f *APIFlags) Add(flags *pflag.FlagSet) {
	f.Batch = batch.DefaultOptions()
	AddLedgerFlag(flags, &f.Ledger)
	flags.Var(BaseURL(&f.BaseURL), "base-url", "the API; https, or http on this machine")
	flags.Var(File(&f.apiKeyFile), "api-key-file", "a file that holds the API key")
	flags.Var(Fraction(&f.Batch.Rate, 0, 1e6, true), "rate", "requests per second")
	flags.Var(Span(&f.Batch.Timeout), "timeout", "of one request")
}

// Connect makes the client. It sends nothing yet.
func (f *APIFlags) Connect(a *App, log zerolog.Logger) (*client.Client, error) {
	opts := ClientOptions(f.BaseURL, f.Batch)
	var err error
	if opts.Key, err = FindKey(f.apiKeyFile, a.Environ, log); err != nil {
		return nil, err
	}
	return client.New(opts)
}

// ClientOptions returns the client's options from the flags, without the key.
func ClientOptions(baseURL string, opts batch.Options) client.Options {
	return client.Options{
		BaseURL:   baseURL,
		Timeout:   opts.Timeout,
		MaxConns:  max(64, opts.Concurrency+1), // else more workers would wait for each other
		UserAgent: "bulkinvite/" + ThisBuild().Version,
	}
}

// BaseURL returns a flag that holds a base URL in normal form.
func BaseURL(variable *string) pflag.Value {
	*variable = client.DefaultBaseURL
	return NewFlag(variable, KindURL, unchanged, client.ParseBaseURL)
}
