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
	case fault.kind == faultUnclosed && tooLarge:
		e.Message = "quote is not closed: the cell that begins here is longer than 1 MiB"
		e.Hint = "add the closing quote, or remove this one"
	case fault.kind == faultUnclosed:
		e.Message = "quote is not closed: the cell that begins here goes on to the end of the file"
		e.Hint = "add the closing quote, or remove this one"
	case fault.kind == faultBare && isHidden(string(raw[fault.cell:fault.at])):
		e.Message = "something that cannot be seen stands before the quote of a cell, such as a byte order mark in the middle of a list"
		e.Hint = "remove it; if two lists were put together here, send them apart: bulkinvite send FILE FILE"
	case fault.kind == faultBare && trim(string(raw[fault.cell:fault.at])) == "":
		e.Message = "white space stands before the quote of a cell"
		e.Hint = "remove it, in the other rows too"
	case fault.kind == faultBare:
		e.Message = "quote inside a cell that is not quoted"
		e.Hint = "put the whole cell in quotes and double those inside it"
	case fault.kind == faultAfterQuote && raw[fault.at-1] == '\\':
		e.Message = `a quote inside a cell is written \"`
		e.Hint = `write it "", in the other rows too`
	case fault.kind == faultAfterQuote:
		e.Message = "text after the closing quote of a cell"
		e.Hint = `double the quotes inside a quoted cell ("")`
		if n := bytes.Count(raw[:fault.cell], []byte("\n")); n < bytes.Count(raw[:fault.at], []byte("\n")) {
			e.Message = fmt.Sprintf("text after the closing quote of the cell that begins in line %d", line+n)
			e.Hint = "close that cell where it should end, and double the quotes inside cells"
		}
	case tooLarge:
		e.Message = "the row that begins here is longer than 1 MiB"
		e.Hint = "is this a CSV file, one candidate a row?"
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

// isHidden reports whether a text has invisible characters alone, other than plain
// spaces.
func isHidden(s string) bool { return trim(s) == "" && strings.Trim(s, " \t") != "" }
