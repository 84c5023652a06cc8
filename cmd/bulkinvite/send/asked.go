package send

import (
	"context"
	"os"
	"os/signal"

	"github.com/rs/zerolog"

	"bulkinvite/cmd/bulkinvite/app"
)

// answering calls f, and logs the run's progress at each AskSignal meanwhile.
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
	log := s.log.Level(zerolog.InfoLevel) // whatever --log-level is, because somebody asked
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
		words = "nothing is sent any more: what became of everybody is being told"
	}
	reading := m.read()
	log.Info().Func(reading.fields).Msg(words)
}
