-- What runs have found out about the API, for later runs.
create table memory (
  base_url text    not null,
  name     text    not null,
  value    text    not null,
  at       integer not null, -- microseconds since 1970, UTC
  primary key (base_url, name)
) strict, without rowid;

-- Who is in an interview's list is checked before it is believed. Requests of
-- one interview mostly follow each other, so that this costs little to keep.
create index requests_interview on requests (interview_id);
