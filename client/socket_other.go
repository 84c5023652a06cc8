//go:build !linux && !darwin && !windows

package client

import (
	"errors"
	"time"
)

// setUserTimeout has nothing to set here.
func setUserTimeout(uintptr, time.Duration) error { return errors.ErrUnsupported }
