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
         p.value as email,
         coalesce(json_extract(a.candidate_ids, '$[' || p.key || ']'), '') as candidate_id,
         coalesce(case
           when json_type(a.invite_urls) = 'array' then json_extract(a.invite_urls, '$[' || p.key || ']')
           when json_extract(a.candidate_ids, '$[' || p.key || ']') <> '' then
             replace(json_extract(a.invite_urls, '$'), '{candidate_id}', json_extract(a.candidate_ids, '$[' || p.key || ']'))
         end, '') as invite_url
  from answers a
  join requests r on r.id = a.request_id
  join runs u on u.id = r.run_id
  join json_each(r.people) p
  where substr(a.states, p.key + 1, 1) = 'i'
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
