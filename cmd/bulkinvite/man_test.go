package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"bulkinvite/cmd/bulkinvite/app"
)

// The manual pages are made by a test, so that the program need not carry what
// makes them.
var manFolder = flag.String("man", "", "write the manual pages into this folder")

// TestManualPages makes a page for each command and each topic, and keeps them
// if a folder is named: that is what `make man` does.
func TestManualPages(t *testing.T) {
	folder := *manFolder
	if folder == "" {
		folder = t.TempDir()
	}
	for _, cmd := range commands(newRootCommand(&app.App{})) {
		name, page, err := manualPage(cmd)
		if err != nil {
			t.Fatalf("%s: %v", cmd.CommandPath(), err)
		}
		if !strings.Contains(string(page), cmd.Name()) || !strings.Contains(string(page), ".SH DESCRIPTION") {
			t.Errorf("%s describes nothing:\n%s", name, page)
		}
		if err := os.WriteFile(filepath.Join(folder, name), page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bulkinvite.1", "bulkinvite-send.1", "bulkinvite-completion-bash.1", "bulkinvite-exit-codes.7"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
}

// manualPage returns the page of a command (section 1) or topic (section 7)
// and the name of its file. It is the same for the same source, whenever and
// wherever it is made: its date is SOURCE_DATE_EPOCH, which is the commit's in
// the Makefile.
func manualPage(cmd *cobra.Command) (name string, page []byte, err error) {
	header := &doc.GenManHeader{Section: "1", Source: "bulkinvite", Manual: "bulkinvite"}
	if os.Getenv("SOURCE_DATE_EPOCH") == "" {
		header.Date = new(time.Time)
	}
	topic := cmd.IsAdditionalHelpTopicCommand()
	if topic {
		header.Section = "7"
		header.Title = strings.ToUpper(cmd.Root().Name() + `\-` + cmd.Name())
		alone := &cobra.Command{Use: cmd.Root().Name() + "-" + cmd.Name(), Short: cmd.Short, Long: cmd.Long}
		alone.InitDefaultHelpFlag()
		alone.Flags().Lookup("help").Hidden = true
		cmd = alone
	}
	cmd.DisableAutoGenTag = true
	cmd.Long = verbatim(cmd.Long)
	var b bytes.Buffer
	if err := doc.GenMan(cmd, header, &b); err != nil {
		return "", nil, err
	}
	page = flagLine.ReplaceAll(b.Bytes(), []byte(".TP\n$1\n"))
	if topic { // what is no command has no synopsis
		before, rest, _ := bytes.Cut(page, []byte(".SH SYNOPSIS\n"))
		_, description, _ := bytes.Cut(rest, []byte(".SH DESCRIPTION\n"))
		page = append(append(before, ".SH DESCRIPTION\n"...), description...)
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAdditionalHelpTopicCommand() { // cobra leaves them out below SEE ALSO, which is the last section
			page = fmt.Appendf(page, ".br\n\\fB%s-%s(7)\\fP\n", cmd.Name(), sub.Name())
		}
	}
	name = strings.ReplaceAll(cmd.CommandPath(), " ", "-") + "." + header.Section
	return name, page, nil
}

// flagLine is how cobra writes a flag, with what it means behind a tab in the
// same paragraph. As a tagged one, that stands below it.
var flagLine = regexp.MustCompile(`(?m)^(?:\.PP\n)?(\\fB-.*)\n\t`)

// verbatim makes lists in a help text, which are indented by two spaces, what
// Markdown leaves as it is.
func verbatim(text string) string {
	var b strings.Builder
	inList := false
	for line := range strings.Lines(text) {
		if indented := strings.HasPrefix(line, "  "); indented != inList {
			b.WriteString("\n")
			inList = indented
		}
		if inList {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
