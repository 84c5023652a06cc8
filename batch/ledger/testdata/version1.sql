-- A ledger as version 1 left it: a run that ended, and one that died, whose
-- people are not in the index.
PRAGMA application_id = 1651076726;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE runs (
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
INSERT INTO runs VALUES(1,1772600767000000,1772600767000000,'https://api.example','in.csv','abc',3,'{"invited":1}',3);
INSERT INTO runs VALUES(2,1772604367000000,NULL,'https://api.example','in.csv','abc',3,NULL,NULL);
CREATE TABLE requests (
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
INSERT INTO requests VALUES(1,1,'invite','i1','','',0,1772600767000000,'["ann@example.com","bob@example.com","cyd@example.com"]');
INSERT INTO requests VALUES(2,2,'invite','i1','','',0,1772604367000000,'["dee@example.com","o''\"eve@example.com"]');
INSERT INTO requests VALUES(3,2,'resend','i1','','',0,1772604367000000,'["ann@example.com"]');
CREATE TABLE answers (
  id          integer primary key,
  request_id  integer not null references requests (id),
  run_id      integer not null references runs (id),
  at          integer not null,
  status_code integer not null, -- HTTP status; 0: there was no answer
  message     text    not null,
  people      text    not null  -- JSON array of {person: position in requests.people,
                                --   state, candidate_id, invite_url}
) strict;
INSERT INTO answers VALUES(1,1,1,1772600767000000,200,'ok','[{"person":0,"state":"invited","candidate_id":"c-ann","invite_url":"https://x/ann"}]');
INSERT INTO answers VALUES(2,1,1,1772600767000000,200,'ok','[{"person":1,"state":"refused"}]');
INSERT INTO answers VALUES(3,2,2,1772604367000000,200,'ok','[{"person":0,"state":"invited","candidate_id":"c-dee"}]');
CREATE TABLE people (
  hash       integer not null,
  request_id integer not null,
  primary key (hash, request_id)
) strict, without rowid;
INSERT INTO people VALUES(-9049529752549614582,1);
INSERT INTO people VALUES(-5513840550235832367,1);
INSERT INTO people VALUES(350832139866549989,1);
CREATE TABLE people_upto (
  one        integer primary key check (one = 1),
  request_id integer not null
) strict;
INSERT INTO people_upto VALUES(1,1);
CREATE INDEX runs_base_url on runs (base_url);
CREATE INDEX answers_request on answers (request_id);
CREATE VIEW invitations as
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
join requests r on r.id = i.request_id
;
COMMIT;
