// Package sandbox is the command that serves the API on this machine, with
// faults on demand. It knows what the commands share and the client's sandbox. It
// must not know other commands, nor any ledger.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
	"bulkinvite/cmd/bulkinvite/app"
)

// Options are the flags of sandbox: how it behaves.
type Options struct {
	listen string
	config sandbox.Config
	seed   int
	noList string
}

// Add adds the flags.
func (o *Options) Add(flags *pflag.FlagSet) {
	c, forms := &o.config, sandbox.AddressForms()
	o.listen = "127.0.0.1:0"
	c.PageZero = sandbox.PageZeroError
	c.PageSize, c.RateBurst = 100, 1
	c.LateBy, c.SlowBy = 5*time.Second, 2*time.Second
	flags.Var(loopback(&o.listen), "listen", "address and port, on this machine only; port 0: any free one")
	flags.Var(app.Text(&c.Key, nil), "key", "the only API key that is accepted (default: any)")
	flags.Var(faults(&c.Faults), "faults", "the probability of each fault, such as 500-after=0.03,drop-before=0.01; all=0.03 for all; see the list above")
	flags.Var(app.Whole(&o.seed, 0, math.MaxInt), "seed", "which requests the faults strike")
	flags.Var(app.Span(&c.LateBy), "late-by", "how long after its answer a request with the fault 504-late invites")
	flags.Var(app.Span(&c.SlowBy), "slow-by", "how late a request with the fault slow is answered")
	flags.Var(app.SpanOrZero(&c.Latency), "latency", "how long every request takes")
	flags.Var(app.SpanOrZero(&c.Jitter), "jitter", "up to this much is added to the latency")
	flags.Var(app.SpanOrZero(&c.PerPerson), "per-person", "how long each invitation takes, one after another")
	flags.Var(app.SpanOrZero(&c.GatewayTimeout), "gateway-timeout", "when it answers 504, while the inviting goes on; 0: never")
	flags.Var(app.Fraction(&c.RateLimit, 0, 1e6, false), "rate-limit", "requests per second before it answers 429; 0: any number")
	flags.BoolVar(&c.ThrottlesBy503, "throttles-by-503", false, "above the rate limit it answers 503 instead, as nginx does")
	flags.Var(app.Whole(&c.RateBurst, 1, math.MaxInt), "rate-burst", "requests that may come at once")
	flags.Var(app.SpanOrZero(&c.RetryAfter), "retry-after", "the Retry-After of requests above the rate limit; 0: none")
	flags.Var(app.Whole(&c.Quota, 0, math.MaxInt), "quota", "invitation requests before the quota is used up; 0: any number")
	flags.Var(app.Whole(&c.MaxPeople, 0, math.MaxInt), "max-people", "people in a request before it answers 413; 0: any number")
	flags.Var(app.SpanOrZero(&c.ListLag), "list-lag", "how long after an invitation the list shows it")
	flags.Var(app.Whole(&c.PageSize, 1, math.MaxInt), "page-size", "entries of the largest page of the list")
	flags.Var(app.Whole(&c.FirstPage, 0, 1), "first-page", "the number of the list's first page")
	flags.Var(app.Choice(&c.PageZero, sandbox.PageZeroError, sandbox.PageZeroSame, sandbox.PageZeroEmpty), "page-zero", "page 0 if the first is 1: an error, the same as page 1, or empty")
	flags.BoolVar(&c.NewestFirst, "newest-first", false, "the list begins with the newest invitation")
	flags.BoolVar(&c.PartialRefusals, "partial-refusals", false, "a refused request may have invited some of its people")
	flags.BoolVar(&c.SecondSessionOnLink, "second-session-on-link", false, "asking for a link makes a second session")
	flags.Var(app.Choice(&c.AnswerAddresses, forms...), "addresses", "how addresses come back, in answers and in the list: "+app.OneOf(forms)+" (default: as sent)")
	flags.Var(app.Choice(&o.noList, sandbox.NoListWays()...), "no-list", "there is no list, and requests for it are answered so: "+app.OneOf(sandbox.NoListWays()))
	flags.BoolVar(&c.UpperCaseAnswers, "upper-case-answers", false, "addresses come back in capitals")
	flags.StringSliceVar(&c.Interviews, "interviews", nil, "the interviews that exist (default: all)")
	flags.StringSliceVar(&c.Deleted, "deleted", nil, "interviews that are deleted")
}

// Server returns the sandbox that the flags describe.
func (o *Options) Server() (*sandbox.Server, error) {
	c := o.config
	c.Seed = uint64(o.seed) // the flag takes no negative ones
	c.ListAddresses = c.AnswerAddresses
	if o.noList != "" {
		rule, err := sandbox.NoList(o.noList)
		if err != nil {
			return nil, err
		}
		c.Rules = []sandbox.Rule{rule}
	}
	return sandbox.New(c)
}

// NewCmdSandbox returns the command sandbox.
func NewCmdSandbox(a *app.App) *cobra.Command {
	var opts Options
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the API on this machine, with faults on demand",
		Example: `  # in one terminal
  bulkinvite sandbox --listen 127.0.0.1:8787 --faults 504-late=0.05,drop-after=0.05 --late-by 300ms

  # in another
  MICRO1_API_KEY=any bulkinvite send candidates.csv --base-url http://127.0.0.1:8787 --settle-time 1s`,
		Long: `sandbox answers invitations as the micro1 API does, on this machine only, and
invites nobody. It prints its URL, for send's --base-url, and at the end (Ctrl-C)
how many people were invited, and how many of them twice. It accepts any API key
unless --key names one.

It refuses a request with an address that begins with poison, and leaves a
malformed address out of its answer, as the API does.

The faults of --faults; each has a probability per request:
` + faultList(),
		Args: app.NoArguments,
		RunE: a.Action(func(ctx context.Context, log zerolog.Logger, _ []string) error {
			return app.WithSignals(ctx, func(app.StopSignal) {}, func(ctx context.Context) error {
				return opts.run(ctx, a, log)
			})
		}),
	}
	opts.Add(cmd.Flags())
	return cmd
}

// run serves until ctx is cancelled, which is its normal end.
func (o *Options) run(ctx context.Context, a *app.App, log zerolog.Logger) error {
	server, err := o.Server()
	if err != nil {
		return app.Refuse(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return app.Refusef("--listen: %w", err)
	}
	_, _ = fmt.Fprintf(a.Stdout, "http://%s\n", listener.Addr())
	log.Info().Stringer("address", listener.Addr()).Msg("the sandbox is up; end it with Ctrl-C")
	stop := app.ServeSandbox(listener, server)
	<-ctx.Done()
	err = stop()
	_, _ = fmt.Fprint(a.Stdout, server.Books())
	return err
}

// loopback returns a flag that takes only addresses of this machine: the sandbox
// is for tests and must not be reachable from elsewhere.
func loopback(address *string) pflag.Value {
	return app.NewFlag(address, "ADDRESS", strings.Clone, func(s string) (string, error) {
		host, _, err := net.SplitHostPort(s)
		if err != nil {
			return "", errors.New("must be an address and a port, such as 127.0.0.1:8787")
		}
		if !client.IsLoopback(host) {
			return "", errors.New("must be an address of this machine alone: 127.0.0.1, [::1] or localhost")
		}
		return s, nil
	})
}

// faults returns a flag for the probability of each fault.
func faults(set *map[sandbox.Fault]float64) pflag.Value {
	return app.NewFlag(set, "FAULT=P,…", func(map[sandbox.Fault]float64) string { return "" }, sandbox.ParseFaults)
}

// faultList describes all faults for the help.
func faultList() string {
	var b strings.Builder
	for _, info := range sandbox.Faults() {
		fmt.Fprintf(&b, "  %-14s %s\n", info.Fault, info.Doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
