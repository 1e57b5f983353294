// Package lowest bounds lists that are made from what someone else's image
// holds. It must not know what is listed.
package lowest

import "slices"

// List keeps the Limit lowest of the values that it is given, in memory for
// twice as many. Which ones does not depend on the order in which they come, but
// for values that compare as equal. Limit and Compare are set before use.
type List[T any] struct {
	Limit   int
	Compare func(a, b T) int
	values  []T
	total   int
}

// Add takes a value in.
func (l *List[T]) Add(v T) {
	l.total++
	if l.values = append(l.values, v); len(l.values) >= 2*l.Limit {
		l.cut()
	}
}

func (l *List[T]) cut() {
	slices.SortStableFunc(l.values, l.Compare)
	clear(l.values[min(len(l.values), l.Limit):])
	l.values = l.values[:min(len(l.values), l.Limit)]
}

// All returns the values that were kept, sorted; equal ones as they came.
func (l *List[T]) All() []T {
	l.cut()
	return l.values
}

// Total is how many values there were.
func (l *List[T]) Total() int { return l.total }

// Dropped is how many were not kept.
func (l *List[T]) Dropped() int { return max(0, l.total-l.Limit) }
