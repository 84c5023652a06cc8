-- The ledger of bulkinvite, schema version 1.
--
-- Requests and answers are only ever added to: what was sent and what came
-- back is never rewritten. There is one exception: of somebody who is forgotten,
-- as the law may ask for, address, ids, link and messages that name them are
-- taken out, and 'forgotten:' with a salted hash stands for the address. All
-- times are microseconds since 1970, UTC. To read it with the sqlite3 shell,
-- begin with the view invitations.

create table runs (
  id         integer primary key,
  started_at integer not null,
  ended_at   integer,          -- null: it is running, or it died
  base_url   text    not null, -- people of one base URL are strangers to another
  input      text    not null,
  sha256     text    not null,
  row_count  integer not null,
  counts     text,             -- JSON object, name to number
  exit_code  integer
) strict;

create index runs_base_url on runs (base_url);

-- One row for each request, written before it leaves.
create table requests (
  id                 integer primary key,
  run_id             integer not null references runs (id),
  kind               text    not null check (kind in ('invite', 'resend', 'link', 'found')),
  interview_id       text    not null, -- UUIDs in lower case
  job_application_id text    not null,
  candidate_id       text    not null,
  email_disabled     integer not null check (email_disabled in (0, 1)),
  claimed_at         integer not null,
  people             text    not null  -- JSON array: the addresses, or what stands for them
) strict;

-- Who is in an interview's list is checked before it is believed. Requests of
-- one interview mostly follow each other, so that this costs little to keep.
create index requests_interview on requests (interview_id);

-- One row for each answer to a request or later finding about it. Where
-- several speak of a person, the newest counts; people of whom none speaks are
-- still 'sending'.
create table answers (
  id          integer primary key,
  request_id  integer not null references requests (id),
  run_id      integer not null references runs (id),
  at          integer not null,
  status_code integer not null, -- HTTP status; 0: there was no answer
  message     text    not null,
  -- Of each of requests.people, in their order: a letter (i: invited, r: refused,
  -- f: failed, l: left out of an answer to all, x: not sent, o: still open, -: the
  -- answer does not tell), and texts in JSON arrays, null if all are empty.
  states        text not null,
  candidate_ids text,
  invite_urls   text, -- or a JSON string, which is everybody's with their id for {candidate_id}
  marks         text  -- what belongs to the state
) strict;

create index answers_request on answers (request_id);

-- What runs have found out about the API, for later runs.
create table memory (
  base_url text    not null,
  name     text    not null,
  value    text    not null,
  at       integer not null, -- microseconds since 1970, UTC
  primary key (base_url, name)
) strict, without rowid;

-- Which requests name somebody, by 40 bits of a hash of base URL, interview and
-- address. This follows from requests and lags behind them: a run adds its own
-- people when it ends, because a random page per person would slow the sending
-- down tenfold. Where the table is emptied, the next run makes it anew.
create table people (
  last_request  integer not null, -- the people are those of the requests to this one,
  after_request integer not null, --   behind this one; together no request is left out
  part          integer not null, -- their number begins with 0
  parts         integer not null, -- of people with this last request
  checksum      integer not null, -- CRC-32C of after_request, last_request, part and
                                  --   parts (8 bytes each, the highest first) and entries
  entries       blob    not null, -- sorted: 5 bytes of hash and 5 bytes of request
                                  --   number each, both with the highest byte first
  primary key (last_request, part)
) strict;
