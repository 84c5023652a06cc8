-- The ledger of bulkinvite that several machines share, schema version 1.
--
-- Requests and answers are only ever added to, as in the ledger of one machine,
-- and have its columns. What comes from outside is bytea, in UTF-8: PostgreSQL's
-- texts take no NUL, and compare by collation. Numbers that stand for times are
-- microseconds since 1970, UTC.

create schema bulkinvite;

create table bulkinvite.epoch (
  one            bool not null default true primary key check (one),
  schema_version int  not null,
  system_id      text not null, -- of the only server that may hold this ledger,
  timeline       text not null, -- and of its history: a promoted replica begins another
  changed_at     timestamptz,   -- when it did last
  trusts_storage bool not null default false -- full_page_writes may be off
);

create table bulkinvite.runs (
  id         bigint generated always as identity primary key,
  started_at timestamptz not null default clock_timestamp(),
  beat       bigint      not null default 0, -- grows while the run can be heard
  beat_at    timestamptz not null default clock_timestamp(),
  settled_at timestamptz not null default clock_timestamp(), -- when it last settled anything, within a beat
  timeout_ms bigint      not null, -- a request of this run has ended so long after its last byte left
  fenced_at  timestamptz,          -- another run took it for dead, and it must not send any more
  fenced_by  bigint,
  ended_at   timestamptz,          -- it said itself that nothing of it is under way
  host       text   not null,
  pid        bigint not null,
  base_url   text   not null,
  input      bytea  not null,
  sha256     text   not null,
  row_count  bigint not null,
  counts     text,                 -- JSON object, name to number
  exit_code  int
) with (fillfactor = 50);

create table bulkinvite.interviews (
  id           int generated always as identity primary key,
  base_url     text  not null,
  interview_id bytea not null,
  unique (base_url, interview_id)
);

create table bulkinvite.requests (
  id                 bigint generated always as identity primary key,
  nonce              uuid   not null unique, -- by which a commit is found of which no answer came
  run_id             bigint not null references bulkinvite.runs,
  interview          int    not null references bulkinvite.interviews,
  kind               text   not null check (kind in ('invite', 'resend', 'link', 'found')),
  job_application_id bytea  not null,
  candidate_id       bytea  not null,
  email_disabled     bool   not null,
  claimed_at         bigint not null,
  people             bytea  not null, -- JSON array: the addresses, or what stands for them
  left_at            timestamptz      -- its run leaves it at not knowing whom it invited
);

create index requests_interview on bulkinvite.requests (interview, id);

create table bulkinvite.answers (
  id            bigint generated always as identity primary key,
  nonce         uuid   not null unique,
  request_id    bigint not null references bulkinvite.requests,
  run_id        bigint not null references bulkinvite.runs,
  at            bigint not null,
  status_code   int    not null,
  message       bytea  not null,
  states        bytea  not null, -- the last four are as in the ledger of one machine
  candidate_ids bytea  not null,
  invite_urls   bytea  not null,
  marks         bytea  not null
);

create index answers_request on bulkinvite.answers (request_id);

-- Who is in which request, and what the answers to it come to: it follows from
-- requests and answers, and is kept so that whoever claims sees it in one look.
create table bulkinvite.people (
  interview    int    not null,
  email        bytea  not null,
  request_id   bigint not null,
  state        text   not null check (state in ('', 'sending', 'invited', 'refused', 'failed', 'no_invitation')),
  by_run       bigint not null,            -- that brought them into the state
  since        bigint not null default 0,  -- when it wrote that
  mark         bytea  not null default '', -- what belongs to the state
  candidate_id bytea  not null default '',
  id_from      bigint not null default 0,  -- the answer that it is from
  invite_url   bytea  not null default '',
  url_from     bigint not null default 0,
  primary key (interview, email, request_id)
) with (fillfactor = 85);

-- The schedule of all runs that send to one API.
create table bulkinvite.rates (
  base_url  text primary key,
  allowed   float8      not null, -- requests in a second
  heard_at  float8      not null default 0, -- the rate at which the API last complained
  tat       timestamptz not null default '-infinity', -- when the next place is free
  until     timestamptz not null default '-infinity', -- nobody goes before
  halved_at timestamptz not null default '-infinity',
  grown_at  timestamptz not null default clock_timestamp(),
  version   bigint      not null default 0
) with (fillfactor = 10);

-- What runs have found out about the API, for later runs.
create table bulkinvite.memory (
  base_url text   not null,
  name     bytea  not null,
  value    bytea  not null,
  at       bigint not null,
  primary key (base_url, name)
);
