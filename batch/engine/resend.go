package engine

import "bulkinvite/batch"

// HeldBack returns, after Run, who is in the results without having been re-sent,
// although their rows ask for it.
func (e *Engine) HeldBack() batch.HeldBack { return e.run.heldBack }
