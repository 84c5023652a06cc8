package sandbox

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A Fault is one way in which a request goes wrong. The empty Fault is none.
type Fault string

// The faults; Faults says what each does.
const (
	Before500    Fault = "500-before"
	Before502    Fault = "502-before"
	Before503    Fault = "503-before"
	Before429    Fault = "429-before"
	BeforeDrop   Fault = "drop-before"
	After500     Fault = "500-after"
	After502     Fault = "502-after"
	After503     Fault = "503-after"
	After504     Fault = "504-after"
	Late504      Fault = "504-late"
	AfterDrop    Fault = "drop-after"
	AfterCut     Fault = "cut-after"
	AfterNull    Fault = "null-after"
	AfterHTML    Fault = "html-after"
	AfterPartial Fault = "partial-after"
	Slow         Fault = "slow"
	List500      Fault = "list-500"
	List429      Fault = "list-429"
	ListDrop     Fault = "list-drop"
	ListCut      Fault = "list-cut"
)

// A FaultInfo describes a Fault for people.
type FaultInfo struct {
	Fault Fault
	List  bool   // happens to GET /interview/invites, not to POST /interview/invite
	Doc   string // one line
}

// Faults returns all faults, those of POST /interview/invite first. "Before"
// and "after" mean acting: before, nobody is invited; after, everybody is.
func Faults() []FaultInfo { return append([]FaultInfo(nil), faultTable...) }

var faultTable = []FaultInfo{
	{Before500, false, "answers 500 without acting"},
	{Before502, false, "answers 502 in HTML without acting"},
	{Before503, false, "answers 503 without acting"},
	{Before429, false, "answers 429 Too Many Requests without acting"},
	{BeforeDrop, false, "resets the connection without acting"},
	{After500, false, "acts, then answers 500"},
	{After502, false, "acts, then answers 502 in HTML"},
	{After503, false, "acts, then answers 503"},
	{After504, false, "acts, then answers 504"},
	{Late504, false, "answers 504 and acts some seconds later"},
	{AfterDrop, false, "acts, then resets the connection"},
	{AfterCut, false, "acts, then breaks off in the middle of the answer"},
	{AfterNull, false, "acts, then answers 200 with data null"},
	{AfterHTML, false, "acts, then answers 200 with an HTML page"},
	{AfterPartial, false, "acts, then leaves half of the invitations out of the answer"},
	{Slow, false, "acts, then answers late"},
	{List500, true, "the list answers 500"},
	{List429, true, "the list answers 429 Too Many Requests"},
	{ListDrop, true, "the list's connection is reset"},
	{ListCut, true, "the list breaks off in the middle of a page"},
}

// ParseFaults reads what a flag says of faults, such as
// "500-after=0.03,drop-before=0.01": the probability of each per request. The
// name all stands for every fault; what comes later in the text wins.
func ParseFaults(text string) (map[Fault]float64, error) {
	faults := map[Fault]float64{}
	if strings.TrimSpace(text) == "" {
		return faults, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return nil, fmt.Errorf("fault %q: write it as NAME=PROBABILITY, such as %s=0.03", part, After500)
		}
		probability, err := strconv.ParseFloat(value, 64)
		if err != nil || !(probability >= 0 && probability <= 1) {
			return nil, fmt.Errorf("fault %s: probability %q must be between 0 and 1", name, value)
		}
		switch fault := Fault(name); {
		case name == "all":
			for _, info := range faultTable {
				faults[info.Fault] = probability
			}
		case faultInfo(fault) != nil:
			faults[fault] = probability
		default:
			return nil, unknownFault(fault)
		}
	}
	if _, err := newDice(faults, 0); err != nil {
		return nil, err
	}
	return faults, nil
}

func faultInfo(f Fault) *FaultInfo {
	for i := range faultTable {
		if faultTable[i].Fault == f {
			return &faultTable[i]
		}
	}
	return nil
}

func unknownFault(f Fault) error {
	names := make([]string, len(faultTable))
	for i, info := range faultTable {
		names[i] = string(info.Fault)
	}
	return fmt.Errorf("unknown fault %q: there are %s, and all", f, strings.Join(names, ", "))
}

// An endpoint is one of the API's two.
type endpoint int

const (
	postEndpoint endpoint = iota
	listEndpoint
	endpoints
)

func (i *FaultInfo) endpoint() endpoint {
	if i.List {
		return listEndpoint
	}
	return postEndpoint
}

func checkScript(script map[int]Fault, e endpoint) error {
	for n, fault := range script {
		info := faultInfo(fault)
		switch {
		case n < 1:
			return fmt.Errorf("sandbox: script for request %d: they are counted from 1", n)
		case info == nil && fault != "":
			return fmt.Errorf("sandbox: script for request %d: %w", n, unknownFault(fault))
		case info != nil && info.endpoint() != e:
			return fmt.Errorf("sandbox: script for request %d: %s does not happen to this endpoint", n, fault)
		}
	}
	return nil
}

// Dice draw the fault of a request from the seed and its number alone: a
// single sequence would give each fault to another request whenever the two
// endpoints are asked in another order.
type dice struct {
	seed  uint64
	sides [endpoints][]side
}

type side struct {
	fault Fault
	below float64 // the fault happens if the number drawn is below this, and not below an earlier side's
}

// newDice returns an error if a fault is unknown, or if the probabilities of
// one endpoint add up to more than 1.
func newDice(faults map[Fault]float64, seed uint64) (*dice, error) {
	d := &dice{seed: seed}
	for fault := range faults {
		if faultInfo(fault) == nil {
			return nil, unknownFault(fault)
		}
	}
	var sum [endpoints]float64
	for _, info := range faultTable {
		p := faults[info.Fault]
		if !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("fault %s: probability %v must be between 0 and 1", info.Fault, p)
		}
		e := info.endpoint()
		if sum[e] += p; sum[e] > 1+1e-9 {
			return nil, fmt.Errorf("faults: the probabilities add up to %.3g at %s: make them smaller", sum[e], info.Fault)
		}
		if p > 0 {
			d.sides[e] = append(d.sides[e], side{info.Fault, sum[e]})
		}
	}
	return d, nil
}

// chance returns the source of everything that is random about the nth
// request at e.
func (d *dice) chance(e endpoint, n int) *rand.Rand {
	return rand.New(rand.NewPCG(d.seed, uint64(n)*uint64(endpoints)+uint64(e)))
}

func (d *dice) draw(e endpoint, chance *rand.Rand) Fault {
	if len(d.sides[e]) == 0 {
		return ""
	}
	x := chance.Float64()
	for _, s := range d.sides[e] {
		if x < s.below {
			return s.fault
		}
	}
	return ""
}
