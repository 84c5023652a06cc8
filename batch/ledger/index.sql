-- Which requests name somebody, by 40 bits of a hash of base URL, interview and
-- address. This index follows from requests and lags behind them: a run adds
-- its own people when it ends, because a random page per person would slow the
-- sending down tenfold. Where both tables are emptied, the next run makes it
-- anew.

-- One row for each stretch of requests that was indexed at once. Small ones
-- are merged from time to time; together they leave out no request.
create table people_segments (
  last_request  integer primary key,
  after_request integer not null, -- the last request of the segment before
  first_block   integer not null, -- in people_blocks, up to the next segment's
  block_count   integer not null,
  entry_count   integer not null
) strict;

-- The entries of a segment, sorted: 5 bytes of hash and 5 bytes of request
-- number each, both with the highest byte first.
create table people_blocks (
  id       integer primary key,
  checksum integer not null, -- CRC-32C of id (8 bytes, the highest first) and entries
  entries  blob    not null
) strict;
