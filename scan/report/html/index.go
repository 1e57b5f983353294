package html

import (
	"encoding/json"
	"slices"
)

// index is a list in which equal elements have one place.
type index[T any] struct {
	list   []T
	places map[string]ref
}

// add returns the element's place; what makes elements equal is their JSON.
func (x *index[T]) add(v T) (place ref, added bool) {
	b, err := json.Marshal(v)
	if err != nil {
		// Strings, numbers and lists of them: there is nothing to fail at.
		panic(err)
	}
	if at, ok := x.places[string(b)]; ok {
		return at, false
	}
	if x.places == nil {
		x.places = map[string]ref{}
	}
	x.list = append(x.list, v)
	at := ref(len(x.list))
	x.places[string(b)] = at
	return at, true
}

// all is the list; it is never null in JSON.
func (x *index[T]) all() []T { return append([]T{}, x.list...) }

// addTo adds to a sorted set.
func addTo[T int | string](set []T, v T) []T {
	if at, ok := slices.BinarySearch(set, v); !ok {
		return slices.Insert(set, at, v)
	}
	return set
}

func (p *presence) add(platform, stage int) {
	p.Platforms, p.Stages = addTo(p.Platforms, platform), addTo(p.Stages, stage)
}
