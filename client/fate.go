package client

import (
	"errors"
	"net/http"
)

// IsDenied reports whether the API denies what was asked for, or the key.
func IsDenied(err error) bool {
	var apiErr *Error
	return errors.As(err, &apiErr) && (apiErr.Fate == Denied || apiErr.Cause == BadKey)
}

// IsThrottled reports whether the API asked to slow down.
func IsThrottled(err error) bool { return hasCause(err, Throttled) }

// IsBusy reports whether there was too much to do, for the API or for something
// in between.
func IsBusy(err error) bool { return hasCause(err, Busy) }

func hasCause(err error, cause Cause) bool {
	var apiErr *Error
	return errors.As(err, &apiErr) && apiErr.Cause == cause
}

// IsBadKey reports whether an answer says no more than that the key is wrong.
func IsBadKey(err error) bool { return hasCause(err, BadKey) }

// IsFatal reports whether an error is none of the API's: our own disk, or a
// bug.
func IsFatal(err error) bool {
	var apiErr *Error
	return err != nil && !errors.As(err, &apiErr)
}

// IsRefusal reports whether the API refused what was asked, and not its size.
func IsRefusal(err error) bool {
	var apiErr *Error
	return errors.As(err, &apiErr) && apiErr.Fate == Refused
}

// Describe returns the HTTP status of an answer, 0 if none came, and in words
// what was wrong, "" if nothing was.
func Describe(err error) (status int, words string) {
	if err == nil {
		return http.StatusOK, ""
	}
	var apiErr *Error
	if errors.As(err, &apiErr) {
		status = apiErr.StatusCode
	}
	return status, err.Error()
}

// MessageOf returns the API's own words where there are some, and else what is
// known of the error.
func MessageOf(err error) string {
	var apiErr *Error
	if errors.As(err, &apiErr) && apiErr.Message != "" {
		return apiErr.Message
	}
	return err.Error()
}

// SaysNoList reports whether an answer is one that an API without a list gives:
// that there is no such path, or, as gateways say of one, that it is forbidden.
// Once a list was readable it means something else.
func SaysNoList(err error) bool {
	var apiErr *Error
	if !errors.As(err, &apiErr) || apiErr.Envelope {
		return false
	}
	switch apiErr.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusForbidden:
		return apiErr.Fate != Unknown // else it was cut off, and may have been the API's own
	}
	return false
}
