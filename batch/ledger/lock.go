package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked means that another process has the ledger open.
var ErrLocked = errors.New("another run holds the ledger; wait for it to end")

// Somebody who only asks whether a run is alive holds the lock for an instant,
// which must not keep a run from starting.
const (
	lockPatience = 200 * time.Millisecond
	lockPause    = 20 * time.Millisecond
)

// takeLock locks PATH.lock, which the system frees when the process ends, however
// it ends. The file stays: removing it would let two processes hold locks on two
// files of that name. It does not work over NFS.
func takeLock(ctx context.Context, path string) (*flock.Flock, error) {
	file := flock.New(path+".lock", flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	held, err := file.TryLockContext(waiting, lockPause)
	switch {
	case ctx.Err() != nil:
		return nil, errors.Join(ctx.Err(), file.Close())
	case err != nil && waiting.Err() == nil:
		return nil, errors.Join(fmt.Errorf("cannot be locked: %w", err), file.Close())
	case !held:
		return nil, errors.Join(ErrLocked, file.Close())
	}
	return file, nil
}
