package engine_test

// What TestSimulation catches, measured: each line is an engine or a ledger
// that was made wrong in one way, how many of the seeds 0 to 99 it survived, and
// the first seed that caught it.
//
//	 16     0  a good answer is not settled
//	 17     0  the switch for e-mails is ignored
//	 25     1  duplicates are not found
//	 27     5  a limiter for each worker
//	 32     1  no settle time at all
//	 34     0  preflight ignores what it finds
//	 39     1  one look instead of two
//	 42     1  the second look at once after the first
//	 44     1  links are fetched with an e-mail
//	 49     5  the list has a limiter of its own
//	 50     0  a dead run's doubts are sent again
//	 50     0  the ledger lets a key be claimed twice
//	 52     0  5xx counts as not sent
//	 53     1  letter case tells addresses apart
//	 57     1  those whom an answer leaves out count as refused
//	 62     1  a page without news ends the list
//	 65     1  answers are matched by position
//	 65     1  invitations of an answer go to the neighbour
//	 68     4  not_sent for those in doubt
//	 72     1  every refusal is believed
//	 76     0  request sent before it is claimed
//	 76     1  preflight stops after the first page
//	 76     4  a dead run's settle time is not waited for
//	 77     0  Retry-After is ignored
//	 77     1  a chunk that is too large is not halved
//	 78     1  a reset counts as not sent
//	 78     9  an unreadable 200 counts as not sent
//	 80    23  the ledger lets invited people be claimed
//	 83    15  an unreadable page ends the list
//	 85     8  half of a halved chunk is forgotten
//	 85    15  --limit is not kept
//	 86     5  claim told before it is durable
//	 89    15  a look that is too early for somebody counts
//	 90     0  settlement told before it is durable
//	 91    15  not_sent for those whom a broken run was sending
//	 93     1  those whom an answer leaves out are sent again
//	 94     6  refusals are believed after one harmless one
//	 94    17  a time-out counts as not sent
//	 94    25  re-sending ignores --resend-after
//	 96    13  attempts without end
//	 96    27  a preflight that cannot be read lets people go
//	 96    40  not found counts for job applications
//	 97    20  a list is believed that lacks known people
//	 97    87  a re-send whose answer was lost is sent again
//
// With the engine that sends those again whom an answer leaves out, the worlds
// of some seeds do not end (14, 22 and 81 count as caught), so that not all were
// looked at: it survives 93 at most.
