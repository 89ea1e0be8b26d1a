package shared

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Watcher looks, time and again, for producers of keys that held spans wait for. It
// knows how long their values were the last time: only what is new is of use.
type Watcher struct {
	store *Store
	known map[[sizeOfKey]byte]int64
}

// NewWatcher is one that knows nothing yet.
func (s *Store) NewWatcher() *Watcher { return &Watcher{store: s} }

// Look tells those of the keys (16 bytes each) of which there are other producers than
// the last time; all that are waited for now are to be given.
func (w *Watcher) Look(ctx context.Context, awaited []byte) (news []byte) {
	ctx, cancel := context.WithTimeout(ctx, 4*w.store.options.Timeout)
	defer cancel()
	before := w.known
	w.known = make(map[[sizeOfKey]byte]int64, len(awaited)/sizeOfKey)
	for part := range slices.Chunk(awaited, keysAtOnce*sizeOfKey) {
		answers, err := w.store.ask(ctx, part, func(pipe redis.Pipeliner, key string) redis.Cmder {
			return pipe.StrLen(ctx, key)
		})
		for n := range len(part) / sizeOfKey {
			name := [sizeOfKey]byte(part[n*sizeOfKey:])
			last, isKnown := before[name]
			length := last
			if err == nil {
				if answer, failed := answers[n].(*redis.IntCmd).Result(); failed == nil {
					length, isKnown = answer, isKnown && answer == last
				}
			}
			// Not answered: as it was.
			if length > 0 && !isKnown {
				news = append(news, name[:]...)
			}
			w.known[name] = length
		}
	}
	return news
}
