-- The ledger of bulkinvite, schema version 3.
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
  people      text    not null  -- JSON array of {person: position in requests.people,
                                --   state, candidate_id, invite_url}
) strict;

create index answers_request on answers (request_id);

-- One line for each person who is invited to an interview. kind, run_id and
-- request_id are those of the first request that is known to have reached
-- them; candidate_id and invite_url are the newest known.
create view invitations as
with told as (
  select a.id as answer_id,
         a.at,
         r.id as request_id,
         r.kind,
         u.base_url,
         r.interview_id,
         json_extract(r.people, '$[' || json_extract(p.value, '$.person') || ']') as email,
         coalesce(json_extract(p.value, '$.candidate_id'), '') as candidate_id,
         coalesce(json_extract(p.value, '$.invite_url'), '') as invite_url
  from answers a
  join requests r on r.id = a.request_id
  join runs u on u.id = r.run_id
  join json_each(a.people) p
  where json_extract(p.value, '$.state') = 'invited'
),
invited as (
  -- The newest text that is not empty is found as the greatest behind its
  -- answer's number: older shells have no sorted aggregates.
  select base_url,
         interview_id,
         email,
         substr(max(case when candidate_id <> '' then printf('%020d', answer_id) || candidate_id end), 21) as candidate_id,
         substr(max(case when invite_url <> '' then printf('%020d', answer_id) || invite_url end), 21) as invite_url,
         min(case when kind <> 'link' then at end) as at,
         min(case when kind <> 'link' then request_id end) as request_id
  from told
  group by base_url, interview_id, email
)
select i.base_url,
       i.interview_id,
       i.email,
       i.candidate_id,
       i.invite_url,
       r.kind,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.at / 1e6, 'unixepoch') as invited_at,
       r.run_id,
       i.request_id
from invited i
join requests r on r.id = i.request_id;
