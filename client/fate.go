package client

import "errors"

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
