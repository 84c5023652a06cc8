package ledger

import "context"

// Remember implements batch.Ledger.
func (r *Run) Remember(ctx context.Context, name, value string) error {
	return r.write(ctx, func() ([]row, error) {
		return []row{{r.remember, []any{r.BaseURL, name, value, r.store.now().UnixMicro()}, 0}}, nil
	})
}
