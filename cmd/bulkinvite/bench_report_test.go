package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
)

// benchRuns are the runs of one competitor.
type benchRuns []benchRun

func (r *benchRuns) add(one benchRun) { *r = append(*r, one) }

// median returns the median of one figure.
func (r benchRuns) median(figure func(benchRun) float64) float64 {
	if len(r) == 0 {
		return 0
	}
	return r.sorted(figure)[len(r)/2]
}

func (r benchRuns) sorted(figure func(benchRun) float64) []float64 {
	var all []float64
	for _, one := range r {
		all = append(all, figure(one))
	}
	slices.Sort(all)
	return all
}

func (r benchRuns) seconds() float64 {
	return r.median(func(one benchRun) float64 { return one.seconds })
}

func (r benchRuns) peak() float64 { return r.median(func(one benchRun) float64 { return one.mib }) }

// rate returns rows per second.
func (r benchRuns) rate() float64 { return float64(r[0].rows) / r.seconds() }

type benchLine struct {
	name string
	runs benchRuns
	job  bool // sends everything, so that it can be compared with others that do
}

// A benchTarget is what was asked for, beside what was measured.
type benchTarget struct {
	name     string
	measured float64
	asked    string
	kept     bool
}

// A benchReport is what a benchmark prints.
type benchReport struct {
	lines         []benchLine
	floor, python benchRuns // that others are compared with
	targets       []benchTarget
}

func (r *benchReport) atLeast(name string, measured, least float64) {
	r.targets = append(r.targets, benchTarget{name, measured, fmt.Sprintf("≥ %.8g", least), measured >= least})
}

func (r *benchReport) atMost(name string, measured, most float64) {
	r.targets = append(r.targets, benchTarget{name, measured, fmt.Sprintf("≤ %.8g", most), measured <= most})
}

func (r *benchReport) print() {
	fmt.Printf("\nmedians of %d, taking turns; %d interviews, %d people per request, %d connections; %s, %d processors\n\n",
		benchRounds, benchInterviews, benchChunk, benchConns, runtime.Version(), runtime.NumCPU())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\trows\tseconds\tfrom – to\trows/s\t× floor\t× Python\tpeak MiB\tCPU s\tserver's CPU s\t")
	for _, l := range r.lines {
		if len(l.runs) == 0 {
			fmt.Fprintf(w, "%s: not installed\t\t\t\t\t\t\t\t\t\t\n", l.name)
			continue
		}
		seconds := l.runs.sorted(func(one benchRun) float64 { return one.seconds })
		fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f – %.2f\t%.0f\t%s\t%s\t%.0f\t%.2f\t%.2f\t\n",
			l.name, l.runs[0].rows, l.runs.seconds(), seconds[0], seconds[len(seconds)-1], l.runs.rate(),
			l.times(r.floor), l.times(r.python), l.runs.peak(),
			l.runs.median(func(one benchRun) float64 { return one.cpu }),
			l.runs.median(func(one benchRun) float64 { return one.serverCPU }))
	}
	_ = w.Flush()
	fmt.Println()
	w = tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "target\tmeasured\tasked\tkept")
	for _, t := range r.targets {
		kept := "yes"
		if !t.kept {
			kept = "NO"
		}
		fmt.Fprintf(w, "%s\t%.8g\t%s\t%s\n", t.name, rounded(t.measured), t.asked, kept)
	}
	_ = w.Flush()
}

// times says how many times as fast as another somebody does the job.
func (l benchLine) times(other benchRuns) string {
	if !l.job || len(other) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", l.runs.rate()/other.rate())
}

// rounded leaves three digits, and all before the point.
func rounded(x float64) float64 {
	if x >= 100 {
		return math.Round(x)
	}
	return math.Round(x*100) / 100
}
