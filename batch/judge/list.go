package judge

import "bulkinvite/client"

// A ListVerdict says what follows from reading an interview's list before its
// first chunk.
type ListVerdict int

// What can follow from it.
const (
	ListUnreadable ListVerdict = iota // try again, and in the end send nobody
	ListKnown                         // its people go
	NoList                            // there is none: its people go
	ListClosed                        // it is refused, but the interview is not: its people go
	InviteOne                         // one invitation decides
)

// List tells what an error of the first list of an interview means, or
// none. here says that somebody of the interview was accepted in this run,
// anywhere that somebody was at all, and nowhere that all answers for any list
// say that there is none.
func List(err error, here, anywhere, nowhere bool) ListVerdict {
	switch {
	case err == nil:
		return ListKnown
	case nowhere && client.SaysNoList(err) && anywhere:
		return NoList
	case nowhere && client.SaysNoList(err), client.IsDenied(err) && !here:
		return InviteOne
	case client.IsRefusal(err) && !client.SaysNoList(err) && here:
		return ListClosed
	case client.IsRefusal(err) && !client.SaysNoList(err):
		return InviteOne
	}
	return ListUnreadable
}
