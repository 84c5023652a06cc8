package ledger

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"bulkinvite/batch"
)

// A packed request is what a request and the answers to it come to, in a third
// of their size and so that one person is found without reading the others:
//
//   - the request without its people, as in unpacker.open
//   - what most people in it have in common: state and origin, as in appendOrigin,
//     and links
//   - for each person 8 bytes of a hash of the address, and 4 of where their part ends
//   - these parts: flags, and what is not as the common one
//
// Kinds and states are numbered by their positions in kinds and residentStates.
//
// Nobody is taken for somebody else by that hash. It is only looked for in a
// request that the index names for the address, and the seed is another one in
// each process.
const packedEntry = 8 + 4

// The flags of a person in a packed request.
const (
	packedOrigin = 1 << iota // state and origin are the common ones
	packedUUID               // the candidate id is a UUID, in 16 bytes
	packedLink               // the link is the common one with the candidate id
)

// pack appends the packed request.
func pack(b []byte, seed maphash.Seed, r *request) []byte {
	common := &r.people[0]
	links := linkOf(common)
	b = binary.AppendVarint(b, r.runID)
	b = binary.AppendVarint(b, r.claimedAt.UnixMicro())
	b = binary.AppendVarint(b, int64(slices.Index(kinds, r.kind)))
	for _, text := range []string{r.baseURL, r.interviewID, r.application, links.before, links.after} {
		b = appendPacked(b, text)
	}
	b = appendOrigin(b, common)
	b = binary.AppendUvarint(b, uint64(len(r.people)))
	table := len(b)
	b = append(b, make([]byte, packedEntry*len(r.people))...)
	parts := len(b)
	for i := range r.people {
		b = appendPerson(b, &r.people[i], common, links)
		entry := b[table+packedEntry*i:]
		binary.LittleEndian.PutUint64(entry, maphash.String(seed, r.emails[i]))
		binary.LittleEndian.PutUint32(entry[8:], uint32(len(b)-parts))
	}
	return b
}

func appendPacked(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// appendOrigin appends the state that somebody is in, and where it is from.
func appendOrigin(b []byte, p *person) []byte {
	b = append(b, newResident(0, p.state).state)
	for _, n := range []int64{p.by, p.since, p.idFrom, p.urlFrom} {
		b = binary.AppendVarint(b, n)
	}
	return appendPacked(b, p.mark)
}

func appendPerson(b []byte, p, common *person, links *commonLink) []byte {
	flags := len(b)
	b = append(b, 0)
	if p.state == common.state && p.by == common.by && p.since == common.since && p.idFrom == common.idFrom &&
		p.urlFrom == common.urlFrom && p.mark == common.mark {
		b[flags] |= packedOrigin
	} else {
		b = appendOrigin(b, p)
	}
	if id, ok := packUUID(p.candidateID); ok {
		b[flags] |= packedUUID
		b = append(b, id[:]...)
	} else {
		b = appendPacked(b, p.candidateID)
	}
	if p.candidateID != "" && p.inviteURL == links.before+p.candidateID+links.after {
		b[flags] |= packedLink
		return b
	}
	return appendPacked(b, p.inviteURL)
}

// linkOf returns what stands around the candidate id in a link.
func linkOf(p *person) *commonLink {
	var c commonLink
	if p.candidateID != "" {
		c.before, c.after, _ = strings.Cut(p.inviteURL, p.candidateID)
	}
	return &c
}

// packUUID packs an id that is a UUID in lower case.
func packUUID(id string) (b [16]byte, ok bool) {
	if !batch.IsUUID(id) {
		return b, false
	}
	n := 0
	for i := range len(id) {
		c := id[i]
		switch {
		case c == '-':
			continue
		case c < 'A':
			c -= '0'
		case c >= 'a':
			c -= 'a' - 10
		default:
			return b, false // a capital
		}
		b[n/2] = b[n/2]<<4 | c
		n++
	}
	return b, true
}

const hexDigits = "0123456789abcdef"

// appendUUID is the opposite of packUUID.
func appendUUID(b, id []byte) []byte {
	for i, c := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

// An unpacker reads packed requests, one after the other.
type unpacker struct {
	packed []byte

	request             request // without people, and texts that are only compared
	baseURL, interview  []byte
	before, after       []byte // of the common link
	common              person
	table, parts, texts []byte
}

// open reads all but the people of the packed request.
func (u *unpacker) open(id int64) {
	p := unread(u.packed)
	u.request = request{id: id, runID: p.number(), claimedAt: time.UnixMicro(p.number()).UTC(), kind: kinds[p.number()]}
	u.baseURL, u.interview, u.request.application = p.text(), p.text(), string(p.text())
	u.before, u.after = p.text(), p.text()
	u.common = person{owned: true}
	p.origin(&u.common)
	n := packedEntry * p.size()
	u.table, u.parts = p[:n], p[n:]
}

// find returns what the request says of the person with the key, and whether it
// names them.
func (u *unpacker) find(seed maphash.Seed, baseURL string, k batch.Key) (person, bool) {
	if string(u.baseURL) != baseURL || string(u.interview) != k.InterviewID {
		return person{}, false
	}
	hash := maphash.String(seed, k.Email)
	start := uint32(0)
	for entry := u.table; len(entry) > 0; entry = entry[packedEntry:] {
		if binary.LittleEndian.Uint64(entry) == hash {
			return u.person(unread(u.parts[start:])), true
		}
		start = binary.LittleEndian.Uint32(entry[8:])
	}
	return person{}, false
}

// person reads somebody's part. Id and link get one text, since they are mostly
// kept together.
func (u *unpacker) person(part unread) person {
	flags := part[0]
	part = part[1:]
	p := u.common
	if flags&packedOrigin == 0 {
		part.origin(&p)
	}
	var id []byte
	if flags&packedUUID != 0 {
		u.texts = appendUUID(u.texts[:0], part[:16])
		id, part = u.texts, part[16:]
	} else {
		id = part.text()
	}
	if flags&packedLink != 0 {
		p.inviteURL = string(slices.Concat(u.before, id, u.after))
		p.candidateID = p.inviteURL[len(u.before):][:len(id)]
		return p
	}
	p.candidateID, p.inviteURL = string(id), string(part.text())
	return p
}

// unread is what is left to read of a packed request.
type unread []byte

func (u *unread) number() int64 {
	n, size := binary.Varint(*u)
	*u = (*u)[size:]
	return n
}

func (u *unread) size() int {
	n, size := binary.Uvarint(*u)
	*u = (*u)[size:]
	return int(n)
}

func (u *unread) text() []byte {
	n := u.size()
	text := (*u)[:n]
	*u = (*u)[n:]
	return text
}

func (u *unread) origin(p *person) {
	p.state = residentStates[(*u)[0]]
	*u = (*u)[1:]
	p.by, p.since, p.idFrom, p.urlFrom = u.number(), u.number(), u.number(), u.number()
	p.mark = string(u.text())
}
