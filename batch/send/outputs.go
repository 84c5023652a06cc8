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

// prepareOutputs names the outputs, and makes sure that they are two files, not
// the input, and can be written.
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

// rehearsal marks the outputs of a rehearsal, which must not replace the links in
// those of the real run.
const rehearsal = "rehearsal"

// An unnamedOutput is one that the job does not name.
type unnamedOutput struct {
	name  *string // what it is called in the end
	usual string  // what it is called if nothing else is there
}

// checkOutputs checks the outputs under their present names.
func (s *sender) checkOutputs() (err error) {
	if s.Events.Named != nil {
		if err := s.Events.Named(s.Results, s.Failed); err != nil {
			return err
		}
	}
	s.outputs, err = csvio.NewOutputs(s.input, s.Results, s.Failed)
	return err
}

// numberOutputs adds to the outputs that the job does not name the lowest number
// with which they replace no file of others, and returns why it is not 1. taken
// says why a file belongs to others, "" if it does not.
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

// foreign says why an existing file must not be replaced: it is no output, or has
// the rows of another input.
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

// outputNote begins the name of the ledger's note about an output: its path
// follows, and the note is the paths of the inputs whose rows it has.
const outputNote = "output "

// inputPaths returns the inputs by paths that do not depend on the working folder.
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

// noteOutputs notes in the ledger whose outputs these are, before they are
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

// keepOthers renames the outputs if files of others are in their place, and says
// so.
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
