package lowest

import (
	"cmp"
	"slices"
)

// Map keeps what belongs to the Limit lowest keys that it is asked for. Which ones
// does not depend on the order. Limit and Compare are set before use.
type Map[K, V any] struct {
	Limit   int
	Compare func(a, b K) int
	entries []entry[K, V]
	full    bool
}

type entry[K, V any] struct {
	key   K
	value *V
}

// At returns the value of a key, a new one at first. It is nil if Limit lower keys
// are known. Until At is called again the value may be changed in place; later a
// lower key may take its room.
func (m *Map[K, V]) At(key K) *V {
	i, ok := slices.BinarySearchFunc(m.entries, key, func(e entry[K, V], k K) int { return m.Compare(e.key, k) })
	switch {
	case ok:
		return m.entries[i].value
	case len(m.entries) >= m.Limit:
		m.full = true
		if i >= m.Limit {
			return nil
		}
		m.entries = m.entries[:m.Limit-1]
	}
	v := new(V)
	m.entries = slices.Insert(m.entries, i, entry[K, V]{key, v})
	return v
}

// All calls yield for every key that was kept and its value, sorted.
func (m *Map[K, V]) All(yield func(K, *V) bool) {
	for _, e := range m.entries {
		if !yield(e.key, e.value) {
			return
		}
	}
}

// Full says whether keys were left out.
func (m *Map[K, V]) Full() bool { return m.full }

// Strings makes a map by string.
func Strings[V any](limit int) Map[string, V] {
	return Map[string, V]{Limit: limit, Compare: cmp.Compare[string]}
}
