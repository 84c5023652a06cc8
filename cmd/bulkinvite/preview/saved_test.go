package preview

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// Each flag that says how the input is read is part of a plan: with another
// value other people might be invited, or otherwise.
func TestPlansKeepTheFlagsOfTheInput(t *testing.T) {
	values := map[string]string{
		"map": "email=Contact", "interview-id": "interview-7", "delimiter": ";", "encoding": "windows-1252",
		"sheet": "Archive", "no-email": "true", "resend": "true", "resend-after": "1h",
	}
	var input InputFlags
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	input.Add(flags)
	if got := input.Options(); len(got) > 0 {
		t.Errorf("without any flag a plan has %v", got)
	}
	flags.VisitAll(func(f *pflag.Flag) {
		switch value, given := values[f.Name]; {
		case given:
			if err := f.Value.Set(value); err != nil {
				t.Error(err)
			}
		case f.Name == "chunk-size":
			_ = f.Value.Set("7")
		case f.Name == "rate":
			_ = f.Value.Set("0.5")
		case f.Name == "strict":
			_ = f.Value.Set("true")
		case f.Name == "min-rows":
			_ = f.Value.Set("7")
		default:
			t.Errorf("--%s is new: give it a value here, for which its String has to be another one", f.Name)
		}
	})
	if diff := cmp.Diff(values, input.Options()); diff != "" {
		t.Errorf("the plan's flags (-want +got):\n%s", diff)
	}
	for flag, value := range values {
		other := maps.Clone(values)
		if delete(other, flag); firstDifference(values, other) != flag || firstDifference(other, values) != flag {
			t.Errorf("--%s is missed by nobody", flag)
		}
		if other[flag] = value + "x"; firstDifference(values, other) != flag {
			t.Errorf("another --%s is taken for the same", flag)
		}
	}
	if firstDifference(nil, nil) != "" || firstDifference(values, values) != "" {
		t.Error("the same flags differ")
	}
}

// What another version of the program finds in the same bytes may be others.
func TestPlansOfAnotherProgram(t *testing.T) {
	saved := &SavedPlan{SHA256: "abc", Rows: 3, People: 2, Invalid: savedInvalid{Count: 1}}
	for _, now := range []*SavedPlan{
		{SHA256: "abc", Rows: 4, People: 2, Invalid: savedInvalid{Count: 1}},
		{SHA256: "abc", Rows: 3, People: 3},
		{SHA256: "abc", Rows: 3, People: 2},
	} {
		if saved.Differs(now) == "" {
			t.Errorf("%+v is taken for %+v", now, saved)
		}
	}
	if what := saved.Differs(saved); what != "" {
		t.Errorf("a plan differs from itself: %s", what)
	}
}
