package history

import (
	"fmt"
	"math"
	"time"

	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
)

// The chart's measures, in units that browsers scale.
const (
	chartWidth  = 720
	chartHeight = 260
	chartLeft   = 64
	chartRight  = 12
	chartTop    = 22
	chartBottom = 46
	plotWidth   = chartWidth - chartLeft - chartRight
	plotHeight  = chartHeight - chartTop - chartBottom
	plotBottom  = chartTop + plotHeight
)

// A chart shows requests over time, as the template draws it.
type chart struct {
	Unit     string // second or minute
	BinWidth string
	Span     string
	Peak     string // the highest bar
	Limit    string // empty if it is not known
	LimitY   float64
	Bars     []chartBar
	XTicks   []chartTick
	YTicks   []chartTick
}

// A chartBar shows a bin: the accepted requests, and the others on top of them.
type chartBar struct {
	X, Width     float64
	Y, Height    float64 // accepted
	TopY, TopH   float64 // other
	Accepted     int
	Other        int
	From, PerOne string // when, and the rate
}

type chartTick struct {
	At    float64
	Label string
}

// newChart draws a timeline, and the limit in requests per second unless it is 0.
// It returns nil if there is nothing to draw.
func newChart(t history.Timeline, limit float64) *chart {
	if len(t.Bins) == 0 {
		return nil
	}
	peak := 0
	for _, b := range t.Bins {
		peak = max(peak, b.Accepted+b.Other)
	}
	unit := time.Second
	c := &chart{Unit: "second", BinWidth: app.FormatDuration(t.Width), Span: app.FormatDuration(time.Duration(len(t.Bins)) * t.Width)}
	if max(float64(peak)/t.Width.Seconds(), limit) < 1 {
		unit, c.Unit = time.Minute, "minute"
	}
	rate := func(n int) float64 { return float64(n) * float64(unit) / float64(t.Width) }
	limit *= unit.Seconds()
	top := 1.1 * max(rate(peak), limit)
	y := func(v float64) float64 { return tenths(plotBottom - plotHeight*v/top) }
	if limit > 0 {
		c.Limit, c.LimitY = humanRate(limit), y(limit)
	}
	c.Peak = humanRate(rate(peak))
	step := float64(plotWidth) / float64(len(t.Bins))
	for i, b := range t.Bins {
		bar := chartBar{
			X: tenths(chartLeft + float64(i)*step), Width: tenths(max(step-math.Min(1, step/5), 0.1)),
			Accepted: b.Accepted, Other: b.Other,
			From: app.FormatDuration(time.Duration(i) * t.Width), PerOne: humanRate(rate(b.Accepted + b.Other)),
		}
		bar.Y, bar.TopY = y(rate(b.Accepted)), y(rate(b.Accepted+b.Other))
		bar.Height, bar.TopH = tenths(plotBottom-bar.Y), tenths(bar.Y-bar.TopY)
		c.Bars = append(c.Bars, bar)
	}
	for v := 0.0; v <= top; v += niceStep(top / 4) {
		c.YTicks = append(c.YTicks, chartTick{y(v), humanRate(v)})
	}
	every := tickEvery(t)
	for i := 0; i <= len(t.Bins); i += every {
		at := time.Duration(i) * t.Width
		c.XTicks = append(c.XTicks, chartTick{tenths(chartLeft + float64(i)*step), app.FormatDuration(at)})
	}
	return c
}

// tickSteps are the possible times between labels.
var tickSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// tickEvery returns the number of bins between two labels: one of tickSteps, with
// few enough labels to stand beside each other.
func tickEvery(t history.Timeline) int {
	const most = 9
	for _, step := range tickSteps {
		if bins := int(step / t.Width); step%t.Width == 0 && len(t.Bins)/bins <= most {
			return bins
		}
	}
	return len(t.Bins)/most + 1 // days
}

// niceStep returns 1, 2 or 5 times a power of ten, and at least the given step.
func niceStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= least {
			return n * power
		}
	}
	return 10 * power
}

// humanRate writes a rate without meaningless digits.
func humanRate(r float64) string {
	if r >= 100 {
		r = math.Round(r)
	}
	return app.FormatFloat(math.Round(r*100) / 100)
}

// tenths rounds for the page, where further digits do not show.
func tenths(x float64) float64 { return math.Round(10*x) / 10 }

// Title describes the chart for people who do not see it.
func (c *chart) Title() string {
	title := fmt.Sprintf("Requests per %s over %s, in bars of %s; the highest is %s", c.Unit, c.Span, c.BinWidth, c.Peak)
	if c.Limit != "" {
		title += fmt.Sprintf(", the limit is %s", c.Limit)
	}
	return title
}
