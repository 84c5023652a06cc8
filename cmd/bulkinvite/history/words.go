package history

import (
	"fmt"
	"net/http"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
)

// The words of a report's page.

// exitMeanings explain the exit codes of runs in the ledger.
var exitMeanings = map[int]string{
	batch.ExitOK:         "every row is in the results",
	batch.ExitBroken:     "the run broke off (disk, ledger, a bug); fix what the last line of its log names, and run the same command again",
	batch.ExitUsage:      "nothing was sent",
	batch.ExitFailedRows: "finished, some rows failed; see below what to do about each",
	batch.ExitEndedEarly: "ended early by the API (key, quota, down) or by the deadline; fix what the log names, and run the same command again",
	129:                  "stopped by SIGHUP; run the same command again to go on",
	130:                  "stopped by Ctrl-C (SIGINT); run the same command again to go on",
	143:                  "stopped by SIGTERM; run the same command again to go on",
}

// confirmMeanings explain the exit codes with another meaning for confirm.
var confirmMeanings = map[int]string{
	batch.ExitOK:         "whoever was asked about is in doubt no more",
	batch.ExitFailedRows: "somebody is still in doubt; bulkinvite status shows who",
}

// confirmWords describes what a run of confirm found; counts is nil if it did not
// end.
func confirmWords(counts map[string]int, asked int) string {
	text := fmt.Sprintf("bulkinvite confirm sends no invitations and has no rows. It was about %s in doubt", batch.People(asked))
	if counts == nil {
		return text + "; its findings are in the ledger."
	}
	return text + fmt.Sprintf(": %d invited, %d not invited, %d still in doubt.", counts[string(batch.StatusConfirmed)],
		counts[string(batch.CodeNotSent)], counts[string(batch.CodeUncertain)])
}

// statusMeanings explain the statuses of rows in the results.
var statusMeanings = map[batch.Status]string{
	batch.StatusInvited:        "invited by this run",
	batch.StatusConfirmed:      "invited; the answer was lost, and the API's list shows them",
	batch.StatusAlreadyInvited: "invited before, by an earlier run or elsewhere; nothing was sent",
	batch.StatusResent:         "an existing invitation was sent again",
	batch.StatusRehearsed:      "rehearsed in a sandbox; nobody was invited",
	batch.StatusDuplicate:      "the same person and interview as an earlier row, whose invitation it shows",
}

// codeAdvice says what to do about failed rows.
var codeAdvice = map[batch.Code]string{
	batch.CodeTooManyFields:      "The row has more cells than the header, so that its columns may have shifted. Fix its quotes and delimiters, and send it again.",
	batch.CodeMissingInterviewID: "Fill in the interview id, or name one for all such rows with --interview-id, and send them again.",
	batch.CodeInvalidInterviewID: "The interview id has white space or other characters that no id has, or is too long. Copy it anew, and send the row again.",
	batch.CodeMissingEmail:       "Fill in the address, and send the row again.",
	batch.CodeInvalidEmail:       "Correct the address, and send the row again.",
	batch.CodeMissingName:        "Fill in the name, and send the row again.",
	batch.CodeInvalidValue:       "A cell holds what its column does not take; the error column of the failed file says which. Correct it, and send the row again.",
	batch.CodeRefused:            "The API refused these people; its message says why. Fix what it names, and send the rows again.",
	batch.CodeInterviewRefused:   "The API refused everybody for the interview. See whether it exists and is open, and send the rows again.",
	batch.CodeNoInvitation:       "The API accepted the request and left these people out, mostly because of the address. Correct it, and send the rows again; to send them as they are, run bulkinvite confirm --assume not-sent first.",
	batch.CodeAPIError:           "The API failed at every attempt, and nobody was invited. Send the rows again later, as they are.",
	batch.CodeUncertain:          "They may have been invited. Run the same command again: it asks the API first. Do not invite them elsewhere.",
	batch.CodeNotSent:            "The run ended before it was their turn. Run the same command again.",
}

// kindNames describe the requests of each kind.
var kindNames = map[batch.Kind]string{
	batch.KindInvite: "invitation",
	batch.KindResend: "invitation sent again",
	batch.KindLink:   "link of an invitation",
	batch.KindFound:  "none: found in the API's list",
}

// answerName describes an answer.
func answerName(a history.AnswerReport) string {
	switch a.Arrival {
	case history.Answered:
		if text := http.StatusText(a.StatusCode); text != "" {
			return fmt.Sprintf("%d %s", a.StatusCode, text)
		}
		return fmt.Sprint(a.StatusCode)
	case history.Lost:
		return "no answer; the API may have acted"
	case history.NotSent:
		return "not sent: there was no connection, or the run ended first"
	default:
		return "none is written: under way, or lost with the program"
	}
}
