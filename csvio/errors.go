package csvio

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"bulkinvite/batch/file"
)

// An InputError is a fault of the input or of the Options that the user can fix.
// Nothing was sent.
type InputError struct {
	File    string // empty if an option is wrong
	Line    int    // from 1; 0 if the whole file is meant
	Column  int    // in characters, from 1; 0 if the whole line is meant
	Message string // what is wrong
	Hint    string // what to do; may be empty
	Err     error  // what lies beneath; may be nil
}

// Error returns FILE:LINE:COLUMN: MESSAGE; HINT with the parts that are known.
func (e *InputError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Column > 0 {
		fmt.Fprintf(&b, ":%d", e.Column)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

func (e *InputError) Unwrap() error { return e.Err }

func unreadable(name string, err error) error {
	return &InputError{File: name, Message: fmt.Sprintf("cannot be read: %v", file.Bare(err)), Err: err}
}

// syntaxError says where and how a record breaks the rules of quoting. The
// parser's own error names the end of the file for an unclosed quote, and not its
// beginning, which needs the fix.
func (r *recordReader) syntaxError(raw []byte, line int, tooLarge bool, err error) *InputError {
	_, fault := splitRaw(nil, raw, r.csv.Comma)
	e := &InputError{Line: line, Err: err}
	switch {
	case fault.kind != noFault:
		e.Message, e.Hint = fault.explain(raw, line, tooLarge)
	case tooLarge:
		e.Message, e.Hint = "the row that begins here is longer than 1 MiB", "is this a CSV file, one candidate a row?"
		return e
	default:
		e.Message = err.Error()
		return e
	}
	before := raw[:fault.at]
	e.Line += bytes.Count(before, []byte("\n"))
	e.Column = utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return e
}

// explain returns what is wrong with the quotes of a record that begins in a line.
func (f quoteFault) explain(raw []byte, line int, tooLarge bool) (message, hint string) {
	before := string(raw[f.cell:f.at])
	switch {
	case f.kind == faultUnclosed && tooLarge:
		return "quote is not closed: the cell that begins here is longer than 1 MiB", "add the closing quote, or remove this one"
	case f.kind == faultUnclosed:
		return "quote is not closed: the cell that begins here goes on to the end of the file", "add the closing quote, or remove this one"
	case f.kind == faultBare && trim(before) == "" && strings.Trim(before, " \t") != "":
		return "something that cannot be seen stands before the quote of a cell, such as a byte order mark in the middle of a list",
			"remove it; if two lists were put together here, send them apart: bulkinvite send FILE FILE"
	case f.kind == faultBare && trim(before) == "":
		return "white space stands before the quote of a cell", "remove it, in the other rows too"
	case f.kind == faultBare:
		return "quote inside a cell that is not quoted", "put the whole cell in quotes and double those inside it"
	case raw[f.at-1] == '\\':
		return `a quote inside a cell is written \"`, `write it "", in the other rows too`
	case strings.Contains(before, "\n"):
		return fmt.Sprintf("text after the closing quote of the cell that begins in line %d", line+bytes.Count(raw[:f.cell], []byte("\n"))),
			"close that cell where it should end, and double the quotes inside cells"
	}
	return "text after the closing quote of a cell", `double the quotes inside a quoted cell ("")`
}
