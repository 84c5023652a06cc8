package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync/atomic"
)

// An index finds the requests that name a key, among those of earlier runs: it
// does not change during a run. It is safe for several goroutines.
type index struct {
	blocks   *blockReader
	segments []fenced
	entries  int64
	filter   filter
	cache    []atomic.Pointer[cachedBlock] // each block has one place in it
}

// A fenced segment has the first hash of each of its blocks.
type fenced struct {
	firstBlock int64
	fences     []uint64
}

type cachedBlock struct {
	id int64
	block
}

// cachedBlocks bounds the blocks that are kept: 128 MB, which is the index of
// thirteen million people. A run whose people are mostly new reads few of them;
// one whose people are known reads them all, again and again, since hashes have
// no order, and claims nobody for whom it would need the memory.
const cachedBlocks = 1 << 15

// newIndex reads the index from one end to the other, and so knows that
// nothing of it is missing. That takes a second for some twenty million people.
func newIndex(ctx context.Context, db querier) (*index, error) {
	segments, err := readSegments(ctx, db)
	if err != nil {
		return nil, err
	}
	var entries, blocks int64
	for i := range segments {
		entries += segments[i].entries
		blocks += segments[i].blocks
	}
	x := &index{entries: entries, filter: newFilter(entries), cache: make([]atomic.Pointer[cachedBlock], min(blocks+1, cachedBlocks))}
	if err := x.readAll(ctx, db, segments); err != nil {
		return nil, err
	}
	x.blocks, err = newBlockReader(ctx, db)
	return x, err
}

func (x *index) readAll(ctx context.Context, db querier, segments []segment) error {
	rows, err := db.QueryContext(ctx, "select id, checksum, entries from people_blocks order by id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for i := range segments {
		if err := x.readSegment(rows, &segments[i]); err != nil {
			return err
		}
	}
	if rows.Next() {
		return damagedIndex("a block belongs to no segment")
	}
	return rows.Err()
}

func (x *index) readSegment(rows *sql.Rows, s *segment) error {
	f := fenced{firstBlock: s.firstBlock}
	var last entry
	var entries int64
	for want := s.firstBlock; want < s.endBlock(); want++ {
		if !rows.Next() {
			if err := rows.Err(); err != nil {
				return err
			}
			return damagedIndex("block %d is missing", want)
		}
		var id, checksum int64
		var raw sql.RawBytes
		if err := rows.Scan(&id, &checksum, &raw); err != nil {
			return err
		}
		if id != want {
			return damagedIndex("block %d is missing", want)
		}
		b := block(raw)
		if err := b.check(id, checksum); err != nil {
			return err
		}
		if b.at(0).less(last) {
			return damagedIndex("block %d is out of order", id)
		}
		last = b.at(b.len() - 1)
		entries += int64(b.len())
		f.fences = append(f.fences, b.hash(0))
		for i := range b.len() {
			x.filter.add(b.hash(i))
		}
	}
	if entries != s.entries {
		return damagedIndex("%d entries of %d are left of the segment to request %d", entries, s.entries, s.last)
	}
	x.segments = append(x.segments, f)
	return nil
}

// find returns the requests that may name the keys with these hashes.
func (x *index) find(ctx context.Context, hashes []uint64) (found []match, err error) {
	for at, h := range hashes {
		if !x.filter.mayHave(h) {
			continue
		}
		for i := range x.segments {
			if found, err = x.findIn(&x.segments[i], h, at, found); err != nil {
				return nil, fmt.Errorf("index: %w", err)
			}
		}
	}
	return found, ctx.Err()
}

// findIn adds what a segment has. The entries of a hash may begin in the block
// before the first one that begins with it, and go on behind that.
func (x *index) findIn(s *fenced, hash uint64, at int, found []match) ([]match, error) {
	i, _ := slices.BinarySearch(s.fences, hash)
	for i = max(i-1, 0); i < len(s.fences) && s.fences[i] <= hash; i++ {
		b, err := x.block(s.firstBlock + int64(i))
		if err != nil {
			return nil, err
		}
		for j := b.search(hash); j < b.len() && b.hash(j) == hash; j++ {
			found = append(found, match{at, b.at(j).request})
		}
	}
	return found, nil
}

func (x *index) block(id int64) (block, error) {
	place := &x.cache[id%int64(len(x.cache))]
	if c := place.Load(); c != nil && c.id == id {
		return c.block, nil
	}
	b, err := x.blocks.read(id)
	if err != nil {
		return nil, err
	}
	place.Store(&cachedBlock{id, b})
	return b, nil
}
