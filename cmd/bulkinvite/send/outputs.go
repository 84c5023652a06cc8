package send

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"bulkinvite/batch/file"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// prepareOutputs makes sure that everything that the run will write can be
// written, and is not one file twice.
func (s *sender) prepareOutputs(context.Context) error {
	var err error
	if s.ledgerPath, err = s.findLedger(); err != nil {
		return err
	}
	s.plan.Ledger = file.Absolute(s.ledgerPath)
	s.nameOutputs()
	if err := s.checkOutputs(); err != nil {
		return err
	}
	s.atEnd(func() error { s.outputs.Cleanup(); return nil })
	return checkSummaryFile(s.flags.summary)
}

// checkOutputs makes sure of the outputs as they are called now.
func (s *sender) checkOutputs() (err error) {
	if err := s.keepApart(); err != nil {
		return err
	}
	s.outputs, err = csvio.NewOutputs(s.input, s.flags.results, s.flags.failed)
	return err
}

// rehearsal is in the names of a rehearsal's outputs: those of the real run have
// links that somebody may still need.
const rehearsal = "rehearsal"

// An unnamedOutput is one that no flag names.
type unnamedOutput struct {
	flag *string // what it is called in the end
	name string  // what it is called if nothing else is there
}

// nameOutputs names the outputs that no flag names.
func (s *sender) nameOutputs() {
	f, word := s.flags, ""
	if f.sandbox {
		word = rehearsal
	}
	results, failed := csvio.DefaultOutputs(s.inputNames[0], s.input.Sheet(), word)
	for _, output := range []unnamedOutput{{&f.results, results}, {&f.failed, failed}} {
		if *output.flag == "" {
			*output.flag = output.name
			s.unnamed = append(s.unnamed, output)
		}
	}
}

// numberOutputs gives the outputs that no flag names the first number with which
// they replace nothing of others, and returns why that is not the first. What a
// flag names is replaced, whatever it is. taken says why a file is another's.
func (s *sender) numberOutputs(taken func(name string) (string, error)) (notice string, err error) {
	for n := 1; ; n++ {
		free := true
		for _, output := range s.unnamed {
			*output.flag = csvio.NumberedOutput(output.name, n)
			why, err := taken(*output.flag)
			if err != nil {
				return "", err
			}
			if why != "" {
				free = false
				notice = cmp.Or(notice, fmt.Sprintf("%s %s, and is left as it is", *output.flag, why))
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
	text, err := s.book.RecallAny(ctx, outputNote+file.Real(name))
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
	for _, name := range s.inputNames {
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
	if s.plan.Plan.Rows == 0 {
		return nil
	}
	text, err := json.Marshal(s.inputPaths())
	if err != nil {
		return err
	}
	for _, name := range []string{s.flags.results, s.flags.failed} {
		if err := s.book.Remember(ctx, outputNote+file.Real(name), string(text)); err != nil {
			return err
		}
	}
	return nil
}

// keepOthers leaves alone what is not this run's to replace, and says so.
func (s *sender) keepOthers(ctx context.Context) error {
	if s.plan.Plan.Rows == 0 { // nothing is written
		return nil
	}
	notice, err := s.numberOutputs(func(name string) (string, error) { return s.foreign(ctx, name) })
	if err != nil || notice == "" {
		return err
	}
	notice += fmt.Sprintf(": the outputs are %s and %s", s.flags.results, s.flags.failed)
	s.notices = append(s.notices, notice)
	s.log.Warn().Msg(notice)
	return s.checkOutputs()
}

// keepApart refuses files that would destroy each other. That the results, the
// failed rows and the input are three is csvio's to see to.
func (s *sender) keepApart() error {
	f := s.flags
	for flag, name := range map[string]string{"results": f.results, "failed": f.failed, "summary": f.summary} {
		if name != "" && app.IsLedger(name, s.ledgerPath) {
			return app.Refusef("--%s %s is the ledger; name another file", flag, name)
		}
		if name != "" && f.plan != "" && file.Same(name, f.plan) {
			return app.Refusef("--%s %s is the plan; name another file", flag, name)
		}
	}
	if f.summary == "" {
		return nil
	}
	for _, name := range s.inputNames {
		if file.Same(f.summary, name) {
			return app.Refusef("--summary %s is the input; name another file", f.summary)
		}
	}
	for what, name := range map[string]string{"an output": f.results, "the other output": f.failed} {
		if file.Same(f.summary, name) {
			return app.Refusef("--summary %s is %s; name another file", f.summary, what)
		}
	}
	return nil
}
