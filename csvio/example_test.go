package csvio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/csvio"
)

// Reading a file and counting what is wrong in it.
func Example() {
	const file = `Applied on;Full name;E-mail;Interview ID
2026-10-13;Ann Lee;ann@example.com;f6fadfa7-e5c1-4b62-9362-da5cc13da58a
2026-10-04;Bo Yang;bo@example;f6fadfa7-e5c1-4b62-9362-da5cc13da58a
2026-11-02;Cy Diaz;cy@example.com;
2026-10-08;;dee@example.com;f6fadfa7-e5c1-4b62-9362-da5cc13da58a
2026-10-30;Ed Oak;Ed Oak <ed@example.com>;f6fadfa7-e5c1-4b62-9362-da5cc13da58a
`
	ctx := context.Background()
	in, err := csvio.Open(ctx, "-", csvio.Options{Stdin: strings.NewReader(file)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	for _, c := range in.Columns() {
		fmt.Printf("%s is in %q\n", c.Field, c.Header)
	}

	good, wrong := 0, map[batch.Code]int{}
	err = in.Scan(ctx, func(row *batch.Row) error {
		if row.Problem == nil {
			good++
			return nil
		}
		wrong[row.Problem.Code]++
		fmt.Printf("%v %q: %s\n", row.Place(), row.Problem.Value, row.Problem.Message)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(good, "good,", wrong)
	// Output:
	// name is in "Full name"
	// email is in "E-mail"
	// interview_id is in "Interview ID"
	// row 3 Bo Yang "bo@example": the e-mail address has no dot after the @
	// row 4 Cy Diaz "": there is no interview id
	// row 5 "": there is no name
	// row 6 Ed Oak "Ed Oak <ed@example.com>": the e-mail address stands in < >: write it alone, without name and brackets
	// 1 good, map[invalid_email:2 missing_interview_id:1 missing_name:1]
}

// A file that cannot be read as a whole is an error that says where it is to
// be fixed.
func ExampleInputError() {
	ctx := context.Background()
	for _, file := range []string{
		"Full name,Contact\nAnn Lee,ann@example.com\n",
		"name,email,interview id\nAnn Lee,\"ann@example.com,backend\n",
	} {
		in, err := csvio.Open(ctx, "-", csvio.Options{Stdin: strings.NewReader(file)})
		if err == nil {
			err = in.Scan(ctx, func(*batch.Row) error { return nil })
			in.Close()
		}
		var wrong *csvio.InputError
		if !errors.As(err, &wrong) {
			fmt.Println(err)
			return
		}
		fmt.Println("line:   ", wrong.Line)
		fmt.Println("message:", wrong.Message)
		fmt.Println("hint:   ", wrong.Hint)
	}
	// Output:
	// line:    1
	// message: no column for email, interview_id; found "Full name", "Contact"
	// hint:    rename the columns in the first line, or name them with --map email=HEADER, or give --interview-id for all rows
	// line:    2
	// message: quote is not closed: the cell that begins here goes on to the end of the file
	// hint:    add the closing quote, or remove this one
}

// Headers that nobody would recognise are named, or counted.
func ExampleMapping_Add() {
	var opts csvio.Options
	for _, column := range []string{"email=Contact", "name=#1"} {
		if err := opts.Map.Add(column); err != nil {
			fmt.Println(err)
			return
		}
	}
	opts.InterviewID = "backend" // of all rows, since there is no column for it
	opts.Stdin = strings.NewReader("Who,Contact\nAnn Lee,ann@example.com\n")

	ctx := context.Background()
	in, err := csvio.Open(ctx, "-", opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	err = in.Scan(ctx, func(row *batch.Row) error {
		fmt.Printf("%+v\n", row.Candidate)
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// {Name:Ann Lee Email:ann@example.com InterviewID:backend JobApplicationID: CandidateID: DisableEmail:false}
}

// The outputs keep the columns as they came, with what became of the row behind
// them. In a run, batch.Engine.Outcome says what that is.
func ExampleOutputs() {
	folder, err := os.MkdirTemp("", "example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	results, failed := csvio.DefaultOutputs(filepath.Join(folder, "candidates.csv"))

	const file = `name,email,interview id,"notes, by hand"
Ann Lee,ann@example.com,backend,"said ""hi"""
Bo Yang,bo@example.com,backend,
`
	ctx := context.Background()
	in, err := csvio.Open(ctx, "-", csvio.Options{Stdin: strings.NewReader(file)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	outputs, err := csvio.NewOutputs(in, results, failed)
	if err != nil {
		fmt.Println(err)
		return
	}
	counts, err := outputs.Write(ctx, func(row *batch.Row) (batch.Outcome, error) {
		if row.Index == 0 {
			return batch.Outcome{Status: batch.StatusInvited, CandidateID: "c1", InviteURL: "https://interview.example.com/c1"}, nil
		}
		return batch.Outcome{Code: batch.CodeRefused, Error: "the API says: no such interview", Attempts: 1}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", counts)
	for _, path := range []string{results, failed} {
		text, err := os.ReadFile(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s:\n%s", filepath.Base(path), text)
	}
	// Output:
	// {Rows:2 Results:1 Failed:1}
	// candidates.results.csv:
	// name,email,interview id,"notes, by hand",candidate_id,invite_url,status,row
	// Ann Lee,ann@example.com,backend,"said ""hi""",c1,https://interview.example.com/c1,invited,2
	// candidates.failed.csv:
	// name,email,interview id,"notes, by hand",error_code,error,row,attempts
	// Bo Yang,bo@example.com,backend,,refused,the API says: no such interview,3,1
}
