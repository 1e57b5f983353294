package secret

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// maxStates bounds the states that an automaton keeps.
const maxStates = 4000

// stateID names a state of an automaton; 0 is the one that nothing leads out of.
type stateID = int32

const (
	dead    stateID = 0
	unknown stateID = -1
)

// automaton runs a program deterministically; its states are made as they are
// needed. It belongs to one goroutine.
type automaton struct {
	*program
	// unanchored adds the starts of all expressions at every byte, sticky keeps
	// what has matched.
	unanchored, sticky bool
	// limit is the most states that are kept. Then all are forgotten, which resets
	// counts: states that somebody remembers mean nothing any more.
	limit, resets int

	ids map[string]stateID
	// next[s*classes+c] is the state behind s, joins[s*len(starts)+e] the state s
	// with expression e begun anew.
	next, joins []stateID
	accepting   []bool
	// idle states are those of an unanchored automaton in which nothing has begun.
	idle []bool
	sets [][]uint32
	rest []uint32

	mark  []uint32
	stamp uint32
	stack []uint32
	key   []byte
}

func newAutomaton(p *program, limit int) *automaton {
	a := &automaton{program: p, limit: limit, mark: make([]uint32, len(p.insts))}
	a.reset()
	return a
}

func newUnanchored(p *program, sticky bool, limit int) *automaton {
	a := &automaton{program: p, limit: limit, mark: make([]uint32, len(p.insts)), unanchored: true, sticky: sticky}
	a.fresh()
	for _, pc := range p.starts {
		a.rest = a.follow(a.rest, pc, false, false)
	}
	slices.Sort(a.rest)
	a.reset()
	return a
}

func (a *automaton) reset() {
	a.resets++
	a.ids = map[string]stateID{}
	a.next, a.joins, a.accepting, a.idle, a.sets = a.next[:0], a.joins[:0], a.accepting[:0], a.idle[:0], a.sets[:0]
	a.state(nil)
}

// state returns the state of a set of instructions.
func (a *automaton) state(set []uint32) stateID {
	slices.Sort(set)
	a.key = a.key[:0]
	for _, pc := range set {
		a.key = binary.LittleEndian.AppendUint32(a.key, pc)
	}
	if id, ok := a.ids[string(a.key)]; ok {
		return id
	}
	if len(a.sets) >= a.limit {
		keep := slices.Clone(set)
		a.reset()
		return a.state(keep)
	}
	id := stateID(len(a.sets))
	a.ids[string(a.key)] = id
	a.sets = append(a.sets, slices.Clone(set))
	accepting := false
	for _, pc := range set {
		accepting = accepting || a.insts[pc].kind == instMatch
	}
	a.accepting = append(a.accepting, accepting)
	a.idle = append(a.idle, slices.Equal(set, a.rest))
	for range a.classes {
		a.next = append(a.next, unknown)
	}
	for range a.starts {
		a.joins = append(a.joins, unknown)
	}
	if id == dead && !a.unanchored {
		for c := range a.classes {
			a.next[c] = dead
		}
	}
	return id
}

// follow adds an instruction and what it leads to without reading a byte.
func (a *automaton) follow(set []uint32, pc uint32, begin, end bool) []uint32 {
	a.stack = append(a.stack[:0], pc)
	for len(a.stack) > 0 {
		pc := a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
		if a.mark[pc] == a.stamp {
			continue
		}
		a.mark[pc] = a.stamp
		switch in := &a.insts[pc]; in.kind {
		case instSplit:
			a.stack = append(a.stack, in.arg, in.out)
		case instJump:
			a.stack = append(a.stack, in.out)
		case instBegin:
			if begin {
				a.stack = append(a.stack, in.out)
			}
		case instEnd:
			if end {
				a.stack = append(a.stack, in.out)
			} else {
				set = append(set, pc)
			}
		case instByte, instMatch:
			set = append(set, pc)
		}
	}
	return set
}

func (a *automaton) fresh() {
	if a.stamp++; a.stamp == 0 {
		clear(a.mark)
		a.stamp = 1
	}
}

// step makes the state behind s at a byte.
func (a *automaton) step(s stateID, b byte) stateID {
	if t := a.next[int(s)*a.classes+int(a.class[b])]; t != unknown {
		return t
	}
	a.fresh()
	var set []uint32
	for _, pc := range a.sets[s] {
		switch in := &a.insts[pc]; {
		case in.kind == instMatch && a.sticky:
			if a.mark[pc] != a.stamp { // once matched is matched
				a.mark[pc] = a.stamp
				set = append(set, pc)
			}
		case in.kind == instByte && in.has(b):
			if b >= utf8.RuneSelf && a.mark[pc] != a.stamp { // a rune's next byte
				a.mark[pc] = a.stamp
				set = append(set, pc)
			}
			set = a.follow(set, in.out, false, false)
		}
	}
	if a.unanchored {
		for _, pc := range a.starts {
			set = a.follow(set, pc, false, false)
		}
	}
	made := len(a.sets)
	t := a.state(set)
	if len(a.sets) >= made { // else s was forgotten
		a.next[int(s)*a.classes+int(a.class[b])] = t
	}
	return t
}

// join adds the beginning of an expression to a state.
func (a *automaton) join(s stateID, expr int) stateID {
	if t := a.joins[int(s)*len(a.starts)+expr]; t != unknown {
		return t
	}
	a.fresh()
	set := slices.Clone(a.sets[s])
	for _, pc := range set {
		a.mark[pc] = a.stamp
	}
	set = a.follow(set, a.starts[expr], true, false)
	made := len(a.sets)
	t := a.state(set)
	if len(a.sets) >= made {
		a.joins[int(s)*len(a.starts)+expr] = t
	}
	return t
}
