package engine

import (
	"errors"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/queue"
	"bulkinvite/client"
)

// A preflightJob is to read an interview's list before its first chunk, so that
// people who were invited elsewhere are not invited again.
type preflightJob struct {
	*lists.Reading
	listRead
	isNone bool // there is no list at all
}

func (j *preflightJob) do(w *worker) (report, error) {
	if j.isNone = w.Outlet.Lists.IsNone(); j.isNone {
		return j, nil
	}
	return j, j.Preflight(&w.Reader, func(found []lists.Found) { w.tell(j, foundReport(found)) })
}

// follow lets happen what the list, or its error, means.
func (j *preflightJob) follow(r *run) error {
	iv := j.iv
	if j.isNone {
		return j.openUnlisted(r, outlet.ErrNoList)
	}
	r.took(iv, j.Reading)
	if r.soft.Err() != nil {
		return nil // not_sent
	}
	if j.Err == nil {
		iv.memory.KeepStrangers(j.Reading)
	}
	verdict := judge.List(j.Err, iv.accepted, r.refusals.key.accepted, r.out.Lists.MayNotExist())
	if verdict == judge.ListUnreadable && j.try < outlet.ListTries {
		again := j.listRead
		again.try++
		if again.pauses == nil {
			again.pauses = r.out.NewPauses(outlet.LongestPause)
		}
		r.later(again.pauses.Next(), func() { r.picker.reads = append(r.picker.reads, again) })
		return nil
	}
	return j.opened(r, verdict, j.Err)
}

// opened lets what a preflight found out be followed.
func (j *preflightJob) opened(r *run, verdict judge.ListVerdict, err error) error {
	iv := j.iv
	switch verdict {
	case judge.NoList:
		return j.openUnlisted(r, err)
	case judge.ListClosed:
		r.warn(fmt.Sprintf("interview %s can be invited to, but its list is refused (%s): who was invited elsewhere is not known",
			iv.AsSent, batch.MaskText(client.MessageOf(err))))
	case judge.InviteOne:
		if client.IsDenied(err) {
			r.refusals.key.suspect = true
		}
		r.log.Warn().Str("interview", iv.AsSent).Msg("the API's list is refused, one invitation will tell: " + batch.MaskText(client.MessageOf(err)))
		return j.end(r, queue.ListRefused)
	case judge.ListUnreadable:
		iv.listError = "the list of who is invited already could not be read (" + client.MessageOf(err) + "); send this row again later"
		r.warn(fmt.Sprintf("interview %s: nobody is invited, since %s", iv.AsSent, batch.MaskText(iv.listError)))
		return j.end(r, queue.ListFailed)
	}
	return j.end(r, queue.ListDone)
}

// openUnlisted lets an interview's people go where there is no list: one of them
// first, since nobody could be asked about a refused request of several.
func (j *preflightJob) openUnlisted(r *run, err error) error {
	iv := j.iv
	if !r.out.Lists.None.Load() {
		r.out.Lists.None.Store(true)
		r.warn("the API has no list of invitations (" + batch.MaskText(client.MessageOf(err)) + "): who was invited elsewhere is not known and may be " +
			"invited again, and who is in doubt stays so until somebody says what the dashboard shows, with bulkinvite confirm --assume")
	}
	if iv.accepted {
		return j.end(r, queue.ListDone)
	}
	return j.end(r, queue.ListRefused)
}

// end lets an interview's people go, but for those who were found in
// its list, or turns them away.
func (j *preflightJob) end(r *run, e queue.Event) error {
	iv := j.iv
	r.step(iv, e)
	var err error
	if iv.State == queue.Shut {
		err = r.recordAll(r.admission.remove(iv), batch.Outcome{Code: batch.CodeNotSent, Error: iv.listError})
	} else {
		r.admission.removeFound(iv)
	}
	r.confirmer.schedule(iv)
	return err
}

// A foundReport is people whom a list shows, as the ledger now has them.
type foundReport []lists.Found

func (f foundReport) follow(r *run) error {
	var err error
	for _, found := range f {
		o := found.Outcome
		link := r.opts.Links == batch.LinksAll && o.InviteURL == "" && o.CandidateID != ""
		err = errors.Join(err, r.account.Record(found.Row, o, link))
	}
	return err
}
