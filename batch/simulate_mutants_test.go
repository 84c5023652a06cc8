package batch_test

// What TestSimulation catches, measured: each line is an engine or a ledger
// that was made wrong in one way, how many of the seeds 0 to 99 it survived, and
// the first seed that caught it.
//
//	 10     0  a good answer is not settled
//	 16     0  the switch for e-mails is ignored *
//	 24     0  preflight ignores what it finds
//	 33     1  duplicates are not found *
//	 47     1  links are fetched with an e-mail *
//	 50     1  5xx counts as not sent
//	 51     1  letter case tells addresses apart *
//	 52     1  no settle time at all
//	 55     1  one look instead of two
//	 55     2  the ledger lets a key be claimed twice
//	 57     1  answers are matched by position *
//	 58     1  the second look at once after the first
//	 58     1  invitations of an answer go to the neighbour *
//	 71     1  a chunk that is too large is not halved *
//	 72     1  a page without news ends the list
//	 76     1  Retry-After is ignored *
//	 77     7  request sent before it is claimed
//	 77     2  a dead run's settle time is not waited for
//	 78     4  --limit is not kept *
//	 81     1  an unreadable 200 counts as not sent
//	 83     1  a reset counts as not sent
//	 83     3  the ledger lets invited people be claimed *
//	 84     2  half of a halved chunk is forgotten *
//	 87    11  every refusal is believed *
//	 89     7  settlement told before it is durable *
//	 91     3  not_sent for those in doubt *
//	 92     2  claim told before it is durable
//	 92     9  a time-out counts as not sent
//	 92     3  not found counts for job applications *
//	 93     7  a look that is too early for somebody counts
//	 94     1  those whom an answer leaves out count as refused
//	 94     3  a dead run's doubts are sent again *
//	 94    28  attempts without end
//	 96    18  preflight stops after the first page
//	 96    43  not_sent for those whom a broken run was sending
//	 97    27  re-sending ignores --resend-after
//	 99    64  those whom an answer leaves out are sent again *
//	 99    60  an unreadable page ends the list
//	 99    60  a re-send whose answer was lost is sent again
//	100     -  a list is believed that lacks known people
//	100     -  a preflight that cannot be read lets people go *
//	100     -  refusals are believed after one harmless one
//
// Lines with a * were measured before the newest checks were added (settle times,
// attempts, re-sends, what is settled, and what the ledger holds): they may survive
// less by now.
//
// The three that survive every seed are holes: nothing that was drawn showed them.
// Other tests of this package fail on each. Those that survive 96 seeds and more
// want better draws. An engine with a rate for each worker was not measured to
// its end.
