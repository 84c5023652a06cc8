package send

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"bulkinvite/batch/file"
	"bulkinvite/csvio"
)

// prepareOutputs makes sure that both outputs can be written, and are not one
// file, nor the input.
func (s *sender) prepareOutputs(context.Context) error {
	word := ""
	if s.Rehearsal {
		word = rehearsal
	}
	results, failed := csvio.DefaultOutputs(s.Files[0], s.input.Sheet(), word)
	for _, output := range []unnamedOutput{{&s.Results, results}, {&s.Failed, failed}} {
		if *output.name == "" {
			*output.name = output.usual
			s.unnamed = append(s.unnamed, output)
		}
	}
	if err := s.checkOutputs(); err != nil {
		return err
	}
	s.atEnd(func() error { s.outputs.Cleanup(); return nil })
	return nil
}

// rehearsal is in the names of a rehearsal's outputs: those of the real run have
// links that somebody may still need.
const rehearsal = "rehearsal"

// An unnamedOutput is one that the job does not name.
type unnamedOutput struct {
	name  *string // what it is called in the end
	usual string  // what it is called if nothing else is there
}

// checkOutputs makes sure of the outputs as they are called now.
func (s *sender) checkOutputs() (err error) {
	if s.Events.Named != nil {
		if err := s.Events.Named(s.Results, s.Failed); err != nil {
			return err
		}
	}
	s.outputs, err = csvio.NewOutputs(s.input, s.Results, s.Failed)
	return err
}

// numberOutputs gives the outputs that the job does not name the first number
// with which they replace nothing of others, and returns why that is not the
// first. What it names is replaced, whatever it is. taken says why a file is
// another's.
func (s *sender) numberOutputs(taken func(name string) (string, error)) (notice string, err error) {
	for n := 1; ; n++ {
		free := true
		for _, output := range s.unnamed {
			*output.name = csvio.NumberedOutput(output.usual, n)
			why, err := taken(*output.name)
			if err != nil {
				return "", err
			}
			if why != "" {
				free = false
				notice = cmp.Or(notice, fmt.Sprintf("%s %s, and is left as it is", *output.name, why))
			}
		}
		if free {
			return notice, nil
		}
	}
}

// foreign says why a file that is there may not be replaced: it is no output, or
// has the rows of another input.
func (s *sender) foreign(ctx context.Context, name string) (string, error) {
	switch {
	case !file.Exists(name):
		return "", nil
	case !csvio.WrittenHere(name, s.input.Delimiter()):
		return "is not what bulkinvite has written", nil
	}
	text, err := s.run.RecallAny(ctx, outputNote+file.Real(name))
	if err != nil || text == "" { // nothing is known of what other ledgers and older programs have written
		return "", err
	}
	var inputs []string
	if err := json.Unmarshal([]byte(text), &inputs); err != nil {
		return "", fmt.Errorf("the ledger's note about %s cannot be read: %w", name, err)
	}
	for _, input := range inputs {
		if !slices.Contains(s.inputPaths(), input) {
			return "has the rows of " + input, nil
		}
	}
	return "", nil
}

// outputNote is under what the ledger keeps of an output, by its path, the paths
// of the inputs whose rows it has.
const outputNote = "output "

// inputPaths are the inputs as they are told apart, wherever a run begins.
func (s *sender) inputPaths() []string {
	var paths []string
	for _, name := range s.Files {
		if name != "-" {
			name = file.Real(name)
		}
		paths = append(paths, name)
	}
	return paths
}

// noteOutputs lets the ledger know whose outputs these are, before they are
// written.
func (s *sender) noteOutputs(ctx context.Context) error {
	if s.preview.Plan.Rows == 0 {
		return nil
	}
	text, err := json.Marshal(s.inputPaths())
	if err != nil {
		return err
	}
	for _, name := range []string{s.Results, s.Failed} {
		if err := s.run.Remember(ctx, outputNote+file.Real(name), string(text)); err != nil {
			return err
		}
	}
	return nil
}

// keepOthers leaves alone what is not this run's to replace, and says so.
func (s *sender) keepOthers(ctx context.Context) error {
	if s.preview.Plan.Rows == 0 { // nothing is written
		return nil
	}
	notice, err := s.numberOutputs(func(name string) (string, error) { return s.foreign(ctx, name) })
	if err != nil || notice == "" {
		return err
	}
	notice += fmt.Sprintf(": the outputs are %s and %s", s.Results, s.Failed)
	s.notices = append(s.notices, notice)
	s.Options.Log.Warn().Msg(notice)
	return s.checkOutputs()
}
