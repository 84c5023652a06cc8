/* Several runs share one ledger: all of them invite the same PEOPLE, through an
   API that makes a second session of a second request. The words are those of
   package batch.

   Whatever is not ordered here may happen at any moment. A run that takes no step
   is frozen, for as long as one likes; one that begins late is the next try of a
   killed one. How long a run has to be silent before it is taken for dead is not
   modelled: that is courtesy, the promise must hold whoever falls silent.

   Time passes in ticks, and only what ends by itself holds a tick back: a request
   under way ends within T, and what the API has of it acts within SETTLE. */

#ifndef RUNS
#define RUNS 3         /* at most 3 */
#endif
#ifndef PEOPLE
#define PEOPLE 1
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef SILENCES
#define SILENCES 1     /* how many are taken for dead and live */
#endif
#ifndef LOSSES
#define LOSSES 1       /* how many requests never act */
#endif
#define V 1            /* how long a permission is good, from when it is asked for */
#define T 1            /* how long a request takes at most, from its last byte */
#define SETTLE 1       /* how long the API may take to act, from when the request ended */

/* The ledger. Of each person it needs the newest request: a new one is claimed
   only when nobody is in doubt about the last. */
mtype:State = { none, sending, invited };
mtype:State state[PEOPLE] = none;
byte request[PEOPLE], sender[PEOPLE];
bit handedOver[PEOPLE];
bit fenced[3], ended[3];

/* What only a run knows, or the network. */
mtype:Answer = { waiting, good, notSent, lost };
mtype:Answer answer[3] = waiting;
bit killed[3];
byte permission[3];    /* ticks for which it is good, and one; 0: too old */
byte wait[3];          /* ticks until the API's list tells the truth */
byte kills, silences, losses;

/* The API and what is on its way to it. */
mtype:Flight = { idle, underWay, late };
mtype:Flight flight[3] = idle;
byte left[3], whom[3];
byte sessions[PEOPLE];

#define counts(r)  (permission[r] > 0 || wait[r] > 0 || flight[r] != idle)
#define overdue(r) (flight[r] != idle && left[r] == 0)
#define seemsDead(r) (killed[r] || silences < SILENCES)

/* What wrong designs do instead; every name is a run of Spin that has to fail. */
#ifdef IN_DOUBT_WITHOUT_T
#define AFTER_FENCE (V + SETTLE + 1)
#else
#define AFTER_FENCE (V + T + SETTLE + 1)
#endif
#ifdef IN_DOUBT_WITHOUT_V
#undef AFTER_FENCE
#define AFTER_FENCE (T + SETTLE + 1)
#endif
#ifdef LIST_AT_ONCE
#define AFTER_END 1
#else
#define AFTER_END (SETTLE + 1)
#endif

inline countDown(n) { if :: n > 0 -> n-- :: else fi }

/* World is time, the network, the API and bad luck. A tick is possible only while
   somebody counts: a world in which nothing more can happen is a deadlock. */
active proctype World() {
	byte r;
end:
	do
	:: d_step { (counts(0) || counts(1) || counts(2)) && !overdue(0) && !overdue(1) && !overdue(2) ->
		r = 0;
		do
		:: r < RUNS -> countDown(permission[r]); countDown(wait[r]); countDown(left[r]); r++
		:: else -> r = 0; break
		od }
	:: atomic { (flight[0] != idle || flight[1] != idle || flight[2] != idle) ->
		if
		:: flight[0] != idle -> r = 0
		:: flight[1] != idle -> r = 1
		:: flight[2] != idle -> r = 2
		fi;
		if
		:: sessions[whom[r]]++;                          /* it acts */
			assert(sessions[whom[r]] == 1);              /* nobody is invited twice */
			if
			:: flight[r] == underWay -> answer[r] = good
			:: flight[r] == underWay -> answer[r] = lost
			:: else
			fi;
			flight[r] = idle
		:: losses < LOSSES -> losses++;                  /* it never acts, and that is known or not */
			if
			:: flight[r] == underWay -> answer[r] = notSent
			:: flight[r] == underWay -> answer[r] = lost
			:: else
			fi;
			flight[r] = idle
		:: flight[r] == underWay ->                      /* it ends without an answer */
			flight[r] = late; left[r] = SETTLE; answer[r] = lost
		fi;
		r = 0 }
	:: atomic { kills < KILLS ->
		if :: !killed[0] -> r = 0 :: !killed[1] -> r = 1 :: RUNS > 2 && !killed[2] -> r = 2 fi;
		kills++; killed[r] = 1; r = 0 }
	od
}

/* settle writes what is known of one request. Whoever was brought out of
   Sending by another run is passed over; the sender's own Invited is always
   written. */
inline settle(p, mine, own, to) {
	atomic {
		if
		:: request[p] == mine && state[p] == sending -> state[p] = to; sender[p] = 0; handedOver[p] = 0
		:: else ->
#ifdef NO_STEP_9
			assert(to == invited);                       /* strict as on one machine: the run breaks off */
#endif
#ifdef SETTLE_WHATEVER_IT_IS
			state[p] = to;
#endif
			if :: own && to == invited -> state[p] = invited :: else fi
		fi }
}

/* A Run goes over the people, in an order of its own. */
proctype Run(byte me) {
	byte n, p, mine;
	bit found, own;
	{
		n = 0;
next:
		if
		:: n == PEOPLE -> goto done
		:: else -> p = (me + n) % PEOPLE; n++
		fi;
lookUp: /* and claim whoever is free, under one lock */
		found = 0; own = 0; mine = 0; answer[me] = waiting;
		atomic {
			if
			:: state[p] == none ->
#ifdef NO_LOCK
				goto claim
#else
				state[p] = sending; request[p]++; sender[p] = me; handedOver[p] = 0; mine = request[p];
				goto slot
#endif
			:: state[p] == invited ->
				assert(sessions[p] == 1);
				goto next
			:: state[p] == sending && (ended[sender[p]] || handedOver[p]) ->
				mine = request[p]; wait[me] = AFTER_END
			:: state[p] == sending && !ended[sender[p]] && !handedOver[p] && sender[p] != me && (fenced[sender[p]] || seemsDead(sender[p])) ->
#ifdef FENCE_AFTER_THE_WAIT
				mine = request[p]; wait[me] = AFTER_FENCE
#else
				if
				:: !killed[sender[p]] && !fenced[sender[p]] -> silences++
				:: else
				fi;
				fenced[sender[p]] = 1;
				mine = request[p]; wait[me] = AFTER_FENCE
#endif
			fi }                                         /* else Elsewhere: it is asked for again */
		goto confirm;
#ifdef NO_LOCK
claim:
		atomic { state[p] = sending; request[p]++; sender[p] = me; handedOver[p] = 0; mine = request[p] };
		goto slot;
#endif
slot:
#ifdef ASKED_BEFORE_THE_SLOT
		if :: fenced[me] -> goto release :: else fi;
#endif
		skip;                                            /* it takes as long as it takes */
ask: /* may I send? */
#if !defined(ASKED_BEFORE_THE_SLOT) && !defined(NO_MAY_I_SEND)
progress:
		atomic {
			if
			:: fenced[me] -> goto release
			:: else -> permission[me] = V + 1
			fi };
#endif
		atomic { /* the last byte */
			if
#if !defined(ASKED_BEFORE_THE_SLOT) && !defined(NO_MAY_I_SEND) && !defined(AGE_NOT_LOOKED_AT)
			:: permission[me] == 0 -> goto ask
			:: permission[me] > 0 ->
#else
			:: true ->
#endif
				permission[me] = 0; answer[me] = waiting; own = 1;
				flight[me] = underWay; left[me] = T; whom[me] = p
			fi };
#ifdef ENDED_WHILE_UNDER_WAY
		if :: goto done :: skip fi;
#endif
#ifdef HANDED_OVER_WHILE_UNDER_WAY
		atomic { if :: request[p] == mine -> handedOver[p] = 1; goto next :: skip fi };
#endif
		if
		:: answer[me] == good -> settle(p, mine, true, invited); goto lookUp
		:: answer[me] == notSent -> settle(p, mine, true, none); goto lookUp
		:: answer[me] == lost -> wait[me] = AFTER_END
		fi;
confirm:
		if
		:: wait[me] == 0 -> found = sessions[p] > 0
		:: goto uncertain                                /* the list cannot be read */
		fi;
#ifdef FENCE_AFTER_THE_WAIT
		atomic { if :: !own && request[p] == mine && sender[p] != me && !ended[sender[p]] -> fenced[sender[p]] = 1 :: else fi };
#endif
		if
		:: found -> settle(p, mine, own, invited)
		:: else -> settle(p, mine, own, none)
		fi;
		goto lookUp;
uncertain:
		atomic {
			wait[me] = 0;
#ifndef NO_HAND_OVER
			if :: own && request[p] == mine -> handedOver[p] = 1 :: else fi
#endif
		};
		goto next;
release: /* claimed, and not sent: the run ends, the same command goes on */
		settle(p, mine, true, none);
done: /* nothing is under way */
		ended[me] = 1
	} unless { atomic { killed[me] -> permission[me] = 0; wait[me] = 0; answer[me] = waiting } }
}

init {
	atomic {
		run Run(0); run Run(1);
		if :: RUNS > 2 -> run Run(2) :: else fi }
}
