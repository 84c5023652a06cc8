//go:build long

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

var keepShots = flag.String("shots", "", "keep pictures of the report's page in this folder")

// hostile are texts that would do something in a page that does not escape
// them, or not for the place where they stand.
var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(2)>`,
	`'><img src='http://192.0.2.1/x' onerror='alert(3)'>`,
	`javascript:alert(4)`,
	`</title></style></textarea><script>alert(5)</script>`,
	`<svg onload=alert(6)><style>*{display:none}</style>`,
	`<link rel=stylesheet href=http://192.0.2.1/x.css><meta http-equiv=refresh content="0;url=http://192.0.2.1/">`,
	`<a href="javascript:alert(7)" autofocus onfocus=alert(8)>x</a><iframe src=http://192.0.2.1/>`,
	"{{.Style}} ${alert(9)} &lt;b&gt; &#60;script&#62; ]]> --> <!-- <![CDATA[",
}

// hostileRun makes a ledger in which every text that comes from outside is
// hostile.
func hostileRun(t *testing.T, path string) {
	t.Helper()
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all := strings.Join(hostile, " ")
	r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://" + all, Input: all, SHA256: all, Rows: 2 * len(hostile)})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range hostile {
		for _, state := range []batch.State{batch.StateRefused, batch.StateSending} {
			key := batch.NewKey(text, fmt.Sprintf("%d%s@%s", i, state, text))
			c, err := r.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: text, People: []batch.Key{key}})
			if err == nil {
				err = r.Settle(t.Context(), c.ID, batch.Answer{StatusCode: 400 + i, Message: "says " + text, Outcomes: []batch.Settlement{
					{Key: key, State: state, CandidateID: text, InviteURL: text},
				}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	counts := map[string]int{"rows": 2 * len(hostile), "results": 0, "failed": 2 * len(hostile), "refused": len(hostile), all: 1}
	if err := r.End(t.Context(), counts, batch.ExitFailedRows); err != nil {
		t.Fatal(err)
	}
}

// TestLongReportInBrowser opens the page in a real browser: nothing that comes
// from outside does anything, it asks nobody for anything, and it can be read
// in the dark, on a phone and on paper.
func TestLongReportInBrowser(t *testing.T) {
	browser := findBrowser(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "ledger.db")
	hostileRun(t, path)
	name := filepath.Join(folder, "page.html")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"report", "--ledger", path, "-o", name}, &out, &out, &errs, nil); code != batch.ExitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	ctx, seen := openBrowser(t, browser)
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+name), chromedp.Sleep(500*time.Millisecond)); err != nil {
		t.Fatal(err, context.Cause(ctx))
	}
	checkHarmless(ctx, t)
	checkLooks(ctx, t)
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if len(seen.requests) != 1 || seen.requests[0] != "file://"+name {
		t.Errorf("requests: %q", seen.requests)
	}
	if len(seen.other) > 0 {
		t.Errorf("the page did more than it should: %q", seen.other)
	}
}

// findBrowser skips the test without Chromium, but in CI, which has it.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("there is no Chromium")
	}
	t.Skip("no Chromium")
	return ""
}

// What a page did.
type pageEvents struct {
	end      func(error) // ends the browser
	mu       sync.Mutex
	requests []string
	other    []string // exceptions, and what the browser complains of: a breach of the page's policy, say
}

func openBrowser(t *testing.T, path string) (context.Context, *pageEvents) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // which root has to do without
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, end := context.WithCancelCause(ctx)
	ctx, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancelAllocator)
	seen := &pageEvents{end: end}
	ctx, cancelTab := chromedp.NewContext(ctx, chromedp.WithListener(seen.add))
	t.Cleanup(cancelTab)
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return ctx, seen
}

func (p *pageEvents) add(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *cdppage.EventJavascriptDialogOpening:
		p.end(fmt.Errorf("the page opens a dialog, and nothing goes on until it is closed: %s", e.Message))
	case *runtime.EventConsoleAPICalled:
		p.other = append(p.other, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		p.other = append(p.other, "exception: "+e.ExceptionDetails.Text)
	case *cdplog.EventEntryAdded:
		p.other = append(p.other, "log: "+e.Entry.Text)
	}
}

// valueOf returns the value of a JavaScript expression.
func valueOf[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err, context.Cause(ctx))
	}
	return value
}

// checkHarmless checks that hostile texts are shown, and are nothing else.
func checkHarmless(ctx context.Context, t *testing.T) {
	t.Helper()
	title, text := valueOf[string](ctx, t, `document.title`), valueOf[string](ctx, t, `document.body.innerText`)
	foreign := valueOf[int](ctx, t, `document.querySelectorAll('script,img,iframe,object,embed,link,a,base,form,textarea,body style').length`)
	handlers := valueOf[int](ctx, t, `[...document.querySelectorAll('*')].filter(e =>
		[...e.attributes].some(a => a.name.startsWith('on') || a.name == 'href' || a.name == 'src')).length`)
	if foreign != 0 || handlers != 0 {
		t.Errorf("%d elements that the template has not, %d with handlers or links", foreign, handlers)
	}
	if want := "bulkinvite run 1: " + strings.Join(hostile, " "); title != want {
		t.Errorf("title %q\n want %q", title, want)
	}
	for i, h := range hostile {
		key := batch.NewKey(h, fmt.Sprintf("%drefused@%s", i, h))
		for _, want := range []string{key.Email, key.InterviewID, "says " + h, "https://" + hostile[0]} {
			if !strings.Contains(text, want) {
				t.Errorf("not shown as it is: %q", want)
			}
		}
	}
}

// checkLooks checks that the style is applied, in daylight, in the dark, on a
// phone and on paper.
func checkLooks(ctx context.Context, t *testing.T) {
	t.Helper()
	if weight := valueOf[string](ctx, t, `getComputedStyle(document.querySelector('.verdict')).fontWeight`); weight != "600" {
		t.Errorf("the style is not applied: the weight is %s", weight)
	}
	for _, look := range []struct {
		name, media, scheme string
		width               int64
		dark                bool
	}{
		{"light", "screen", "light", 1000, false},
		{"dark", "screen", "dark", 1000, true},
		{"phone", "screen", "dark", 390, true},
		{"paper", "print", "dark", 794, false},
	} {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media:    look.media,
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}},
		})
		if err == nil {
			err = chromedp.Do(ctx, chromedp.EmulateViewport(look.width, 800))
		}
		if err != nil {
			t.Fatal(err)
		}
		width := valueOf[int64](ctx, t, `document.documentElement.scrollWidth`)
		shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		keep(t, look.name+".png", shot)
		picture, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		red, green, blue, _ := picture.At(2, 2).RGBA()
		if dark := red+green+blue < 3*0x4000; dark != look.dark {
			t.Errorf("%s: the background is dark: %v", look.name, dark)
		}
		if width > look.width {
			t.Errorf("%s: the page is %d wide", look.name, width)
		}
	}
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("printed: %v, %.8q", err, pdf)
	}
	keep(t, "page.pdf", pdf)
}

func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	if *keepShots == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*keepShots, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}
