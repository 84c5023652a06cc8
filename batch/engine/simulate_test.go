package engine_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
	"bulkinvite/csvio"
)

var (
	seeds    = flag.Int("seeds", 12, "how many worlds TestSimulation draws")
	fromSeed = flag.Int("seed", 0, "the first of them: replays one with -seeds 1")
	history  = flag.Bool("history", false, "show what happened in each world, and a hash of it")
)

// TestSimulation draws worlds from seeds: an input, an API that misbehaves in
// many ways at once, and runs over CSV files that are stopped and die at any
// step, until some that are left alone. After each run, whatever happened,
// nobody was invited twice and everything that the run says of a row is true;
// in the end everyone who can be invited is. `make simulate SEEDS=…` draws more.
func TestSimulation(t *testing.T) {
	reached := &logbook{counts: map[sight]int{}}
	for seed := *fromSeed; seed < *fromSeed+*seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { reached.addAll(simulate(t, uint64(seed), false).lookout.seen) })
	}
	reached.check(t)
}

// TestReplay draws worlds twice: a failure is worth little that cannot be looked
// at again. On a busy machine a goroutine may lose its processor at any time,
// also to one that was about to draw the jitter of a pause: so a difference has to
// show in each of a dozen tries.
func TestReplay(t *testing.T) {
	const memory = "/dev/shm"
	if _, err := os.Stat(memory); err != nil || processors != 1 {
		t.Skip("it needs a file system in memory, and one processor")
	}
	t.Setenv("TMPDIR", memory)
	for seed := uint64(20); seed < 26; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var difference string
			for range 12 {
				if difference = simulate(t, seed, false).log.difference(&simulate(t, seed, false).log); difference == "" {
					return
				}
			}
			t.Error(difference)
		})
	}
}

// processors run the goroutines of a world. With one, they run in the same order
// in each replay, and faster.
var processors = 1

// A simulation is one world and its history.
type simulation struct {
	*world
	*rand.Rand
	cfg    sandbox.Config
	lines  []*line // of the whole input
	folder string  // the disk of the process that runs now, or of the next
	whole  string  // name of the file with all lines
	failed string  // name of the newest file of failed rows; "": there is none yet
	result string  // name of the newest results; "": there are none yet
	nature
	weather
	lookout    *lookout
	elsewhere  map[sandbox.Person]bool      // invited by nobody's run
	byID       map[sandbox.Person]int       // requests that name a person by their candidate id, guarded by mu
	resent     map[sandbox.Person]time.Time // begin of the run that sent the newest re-send
	remembered map[batch.Key]batch.State    // see account
	resends    map[int64]batch.Key          // see account
	resentAt   map[batch.Key]time.Time      // see account
	vague      map[sandbox.Person]bool      // forgotten, or assumed to be invited: the ledger may know no id and no link

	resending float64 // share of runs that re-send
	halfway   bool    // a refused chunk is invited up to the first bad row
	csv       csvio.Options
	diskLag   time.Duration // of a write to the ledger
	begun     time.Time     // of the run under way
	log       chronicle
}

// A chronicle is what happened in a world, line by line.
type chronicle struct {
	mu    sync.Mutex
	begun time.Time
	lines []string
}

func (c *chronicle) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, fmt.Sprintf("%-14v ", time.Since(c.begun))+fmt.Sprintf(format, args...))
}

// difference returns the first line in which a replay differs, if any.
func (c *chronicle) difference(replay *chronicle) string {
	for i := range max(len(c.lines), len(replay.lines)) {
		if i >= len(c.lines) || i >= len(replay.lines) {
			return fmt.Sprintf("%d lines, and %d in the replay", len(c.lines), len(replay.lines))
		}
		if c.lines[i] != replay.lines[i] {
			return fmt.Sprintf("line %d is\n%s\nand in the replay\n%s", i+1, c.lines[i], replay.lines[i])
		}
	}
	return ""
}

func (c *chronicle) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	hash := sha256.New()
	for _, line := range c.lines {
		io.WriteString(hash, line)
	}
	return fmt.Sprintf("%s\nhash of this history: %x", strings.Join(c.lines, "\n"), hash.Sum(nil)[:8])
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// simulate draws a world, lets it happen, and returns it; others is of a world
// in which other commands than send are used.
func simulate(t *testing.T, seed uint64, others bool) *simulation {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	r := rand.New(rand.NewPCG(seed, 7))
	s := &simulation{
		Rand: r, cfg: drawAPI(r, seed), whole: "in.csv", resending: pick(r, 0.1, 0.7), lookout: newLookout(),
		elsewhere: map[sandbox.Person]bool{}, resent: map[sandbox.Person]time.Time{}, remembered: map[batch.Key]batch.State{},
		byID: map[sandbox.Person]int{}, resends: map[int64]batch.Key{}, resentAt: map[batch.Key]time.Time{}, vague: map[sandbox.Person]bool{},
	}
	s.halfway = r.IntN(2) == 0 && !s.cfg.PartialRefusals
	s.drawKinds(seed)
	s.lines = s.drawLines()
	replay := fmt.Sprintf("make simulate SEED=%d SEEDS=1", seed)
	if others {
		replay = fmt.Sprintf("go test ./batch -run '^TestSimulationOfOtherCommands$' -seed %d -seeds 1", seed)
	}
	defer func() {
		if t.Failed() {
			t.Log("replay it with: " + replay)
		}
		if t.Failed() || *history {
			t.Logf("what happened:\n%v", &s.log)
		}
	}()
	inWorld(t, s.cfg, func(w *world) {
		s.world, s.folder, s.log.begun = w, filepath.Dir(w.ledger), time.Now()
		s.log.add("the API is of the kinds %v: %+v %+v %+v %s %s", s.kinds, s.cfg.Shape, s.rules, s.cfg.ListShape, s.cfg.AnswerAddresses, s.cfg.ListAddresses)
		s.server.Handler = s
		s.hook.list = s.list
		if back := r.IntN(2) == 0; s.halfway {
			s.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) { return s.upToPoison(q, back) }
		}
		s.knowIDs(s.inviteElsewhere(pick(r, 2, 2, 5, 1000)))
		s.writeFile(s.whole, s.lines)
		for range r.IntN(5) {
			s.troubledRun()
			s.delete()
			if others {
				s.otherCommand()
			}
			if s.IntN(3) == 0 {
				s.inviteElsewhere(pick(r, 5, 30))
			}
			if s.IntN(12) == 0 {
				s.otherMachine()
			}
		}
		s.quietRuns()
	})
	return s
}

// inviteElsewhere invites one in so many people in the dashboard, while nothing
// runs, and returns a line of each.
func (s *simulation) inviteElsewhere(oneIn int) []*line {
	var invited []*line
	if s.noList {
		return nil // nobody could know
	}
	time.Sleep(s.calm())
	sessions := s.api.Sessions()
	for _, l := range s.lines {
		if s.IntN(oneIn) > 0 || !s.welcome(l) || !s.findable(l) || !l.listed() || sessions[l.person] > 0 || s.elsewhere[l.person] {
			continue
		}
		s.api.Invite(l.person)
		s.elsewhere[l.person] = true
		invited = append(invited, l)
		s.log.add("%v is invited in the dashboard", l.person)
	}
	time.Sleep(s.calm())
	return invited
}

// calm is how long it takes until the API has done all that it does late.
func (s *simulation) calm() time.Duration {
	return 2*time.Minute + 60*s.cfg.PerPerson
}

// otherMachine goes on with an empty ledger: the API's list alone knows who is
// invited.
func (s *simulation) otherMachine() {
	if s.anyApplication() || s.noList || len(s.deletes) > 0 || !slices.ContainsFunc(s.lines, s.findable) {
		return // the list may show another address than the row has, or nothing
	}
	time.Sleep(s.calm())
	time.Sleep(25 * time.Hour) // what was re-sent may be sent again
	s.must(os.RemoveAll(filepath.Join(s.folder, ledgerFolder)))
	clear(s.remembered)
	s.listSeen = false
	clear(s.resends)
	clear(s.resentAt)
	for p := range s.api.Sessions() {
		s.elsewhere[p] = true
	}
	s.log.add("another machine goes on")
}

func (s *simulation) anyApplication() bool {
	return slices.ContainsFunc(s.lines, func(l *line) bool { return l.JobApplicationID != "" })
}

// troubledRun is a run with drawn options that may be stopped, or die.
func (s *simulation) troubledRun() {
	s.drawOptions()
	s.drawSpells()
	switch s.IntN(8) {
	case 0, 1:
		if s.failed != "" {
			s.feedBack(s.failed)
			s.send("again.csv")
			return
		}
	case 2:
		if s.result != "" {
			s.csv.Resend = true
			s.feedBack(s.result)
			s.send("again.csv")
			return
		}
	case 3:
		shuffled := append([]*line(nil), s.lines...)
		s.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		s.writeFile("sorted.csv", shuffled)
		s.send("sorted.csv")
		return
	case 4:
		half := s.IntN(len(s.lines) + 1)
		s.writeFile("part1.csv", s.lines[:half])
		s.writeFile("part2.csv", s.lines[half:])
		s.send("part1.csv")
		s.send("part2.csv")
		return
	}
	s.send(s.whole)
}

// drawOptions draws what a run is told.
func (s *simulation) drawOptions() {
	s.opts = s.defaultOptions()
	s.opts.ChunkSize = pick(s.Rand, 1, 3, 10, 50)
	s.opts.Rate = pick(s.Rand, 5.0, 5, 50, 0.5)
	s.opts.Burst = pick(s.Rand, 1, 1, 1, 4)
	s.opts.Concurrency = pick(s.Rand, 0, 0, 1, 3)
	s.opts.Limit = pick(s.Rand, 0, 0, 0, 3, 30)
	s.opts.Links = pick(s.Rand, batch.LinksConfirmed, batch.LinksNone, batch.LinksAll)
	s.opts.GiveUpAfter = pick(s.Rand, time.Minute, 5*time.Minute)
	s.opts.MaxAttempts = pick(s.Rand, 1, 5)
	s.opts.Deadline = pick(s.Rand, 0, 0, 0, time.Minute)
	s.opts.NoPreflight = s.IntN(3) == 0 && len(s.elsewhere) == 0
	s.csv = csvio.Options{Resend: s.Float64() < s.resending}
	s.diskLag = pick(s.Rand, 0, time.Millisecond, 100*time.Millisecond)
}

// defaultOptions are the defaults, with jitter that is the same in a replay.
func (s *simulation) defaultOptions() batch.Options {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(s.Uint64(), 8))
	o := batch.DefaultOptions()
	o.Random = func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return r.Float64()
	}
	return o
}

// quietRuns go on until everyone is invited who can be.
func (s *simulation) quietRuns() {
	s.opts, s.csv, s.outage = s.defaultOptions(), csvio.Options{}, outage{}
	s.must(s.api.SetListShape(s.listShape))
	s.must(s.api.SetRules(s.rules))
	s.mu.Lock()
	s.spells = nil
	s.mu.Unlock()
	s.diskLag = 0
	for left := 6; ; left-- {
		wrong := s.missing(s.finish(s.whole))
		switch {
		case wrong == "" && (s.deletes == nil || left <= 3): // in vain is looked for who was deleted, for some runs
			return
		case left == 0:
			s.Fatalf("in the end %s", wrong)
		}
	}
}

// missing returns the first row that should be in the results in the end.
func (s *simulation) missing(rows []outputRow) string {
	for _, row := range rows {
		switch {
		case row.status != "" || row.line.code(false) != "" || !s.welcome(row.line):
		case row.code == batch.CodeInterviewRefused: // ten were refused before one was accepted
		case s.listSays404(row) || s.lacksSomebody(row): // for want of somebody in it
		case row.code == batch.CodeUncertain && (row.line.JobApplicationID != "" || s.noList || !s.findable(row.line) || s.misnames()): // the list cannot tell
		default:
			return fmt.Sprintf("row %d (%s) is not invited: %s %s", row.row, row.line.mark, row.code, row.text)
		}
	}
	return ""
}

// listSays404 reports whether nobody is invited to a row's interview, and its
// list is a 404: that could be one that there is not.
func (s *simulation) listSays404(row outputRow) bool {
	return row.code == batch.CodeUncertain && s.listShape.Ends404 && s.invitedTo(row.line.InterviewID) == 0
}

func (s *simulation) invitedTo(interviewID string) int {
	return s.api.Books().Interviews[interviewID].People
}
