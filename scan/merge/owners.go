package merge

import (
	"cmp"
	"slices"

	"github.com/scan-build/scan-build/scan"
)

// accounts are those of the layers so far: the topmost of either file counts.
type accounts struct {
	users, groups []int
	names         map[string]int
}

func (a *accounts) apply(l *scan.LayerInventory) {
	for _, p := range l.Removed {
		if p == "." || p == "etc" || p == "etc/passwd" {
			a.users, a.names = nil, nil
		}
		if p == "." || p == "etc" || p == "etc/group" {
			a.groups = nil
		}
	}
	if l.Accounts == nil {
		return
	}
	if len(l.Accounts.Users) > 0 {
		a.users, a.names = l.Accounts.Users, l.Accounts.Names
	}
	if len(l.Accounts.Groups) > 0 {
		a.groups = l.Accounts.Groups
	}
}

func (a *accounts) merged() *scan.Accounts {
	if a.users == nil {
		return nil
	}
	return &scan.Accounts{Users: a.users, Groups: a.groups, Names: a.names}
}

// applyOwners adds a layer's owners. One that is known by a single file is taken
// out with it.
func (s *state) applyOwners(index int, l *scan.LayerInventory) {
	gone := map[string]bool{}
	for _, p := range l.Removed {
		gone[p] = true
	}
	if len(gone) > 0 {
		s.owners = slices.DeleteFunc(s.owners, func(o scan.Owner) bool { return o.Count == 1 && covered(gone, o.Path) })
	}
	for _, o := range l.Owners {
		o.Layer = index
		s.owners = append(s.owners, o)
	}
}

// mergedOwners sums up the layers' owners; each keeps the layer and path by which
// it was first seen.
func (s *state) mergedOwners() []scan.Owner {
	slices.SortStableFunc(s.owners, func(a, b scan.Owner) int {
		return cmp.Or(a.UID-b.UID, a.GID-b.GID, a.Layer-b.Layer)
	})
	var out []scan.Owner
	for _, o := range s.owners {
		if n := len(out) - 1; n >= 0 && out[n].UID == o.UID && out[n].GID == o.GID {
			out[n].Count += o.Count
			continue
		}
		out = append(out, o)
	}
	return out
}
