package csvio

import "testing"

// mapping makes a Mapping of good parts.
func mapping(t testing.TB, parts ...string) Mapping {
	t.Helper()
	var m Mapping
	for _, part := range parts {
		if err := m.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestMapping(t *testing.T) {
	const form = "must be FIELD=HEADER, such as email=Contact, or email=#3 for the third column, or email= for none"
	for part, want := range map[string]string{
		"":                form,
		"email":           form,
		"email=":          "",
		"first_name=":     "first_name is named twice; leave one out",
		"email= - ":       form,
		"mail=x":          "there is no field mail (did you mean email?)",
		"interview=x":     "there is no field interview (did you mean interview_id?)",
		"Interview ID=x":  "there is no field Interview ID (did you mean interview_id?)",
		"phone=x":         "there is no field phone; name name, first_name, last_name, email, interview_id, job_application_id, candidate_id or disable_email_notification",
		"first_name=x":    "first_name is named twice; leave one out",
		"name=x":          "name and first_name exclude each other; leave one out",
		"last_name=a=b,c": "",
	} {
		m := mapping(t, "first_name=Vorname")
		err := m.Add(part)
		if got := errorText(err); got != want {
			t.Errorf("%s: %q, want %q", part, got, want)
		}
	}
	m := mapping(t, "interview_id= #3 ", "name=Who", "first_name=", "email= ")
	if got, want := m.String(), "name=Who,first_name=,email=,interview_id=#3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := errorText(m.Add("last_name=x")), "name and last_name exclude each other; leave one out"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
