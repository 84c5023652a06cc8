package send

import (
	"context"
	"os"
	"os/signal"

	"github.com/rs/zerolog"

	"bulkinvite/cmd/bulkinvite/app"
)

// answering calls f, and meanwhile logs the run's progress at each AskSignal.
func (s *sender) answering(ctx context.Context, f func(ctx context.Context) error) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, app.AskSignal)
	defer signal.Stop(asked)
	return app.Beside(func(ended <-chan struct{}) {
		for {
			select {
			case <-asked:
				s.logStanding()
			case <-ended:
				return
			}
		}
	}, func() error { return f(ctx) })
}

// logStanding logs the run's progress now.
func (s *sender) logStanding() {
	log := s.log.Level(zerolog.InfoLevel) // whatever --log-level is: somebody asked
	m := s.meter.Load()
	if m == nil {
		doing := "the input is being read and checked"
		if s.begun.Load() {
			doing = "the ledger is being opened, or a question waits for its answer"
		}
		log.Info().Msg("nothing is sent yet: " + doing)
		return
	}
	words := "sending"
	if s.sent.Load() {
		words = "the sending has ended: the outputs are being written"
	}
	reading := m.read()
	log.Info().Func(reading.fields).Msg(words)
}
