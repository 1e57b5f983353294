package secret

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// maxStates bounds the states that an automaton keeps; it starts anew beyond.
const maxStates = 4000

// program is a set of expressions as one machine over bytes. It allows more than
// the expressions do: all bytes of a rune that is not ASCII look alike, and, if
// loose is set, so do all places (^, $, \b).
type program struct {
	loose bool
	insts []inst
	// starts are where each expression begins.
	starts []uint32
	// class of each byte, so that tables are small.
	class   [256]uint8
	classes int
}

type instKind uint8

const (
	instByte  instKind = iota
	instMatch          // of the expression arg
	instSplit
	instJump
	instBegin // only at the beginning of the text
	instEnd   // only at its end
	instFail
)

type inst struct {
	kind     instKind
	out, arg uint32
	// ascii is the set of bytes below 0x80, high says that other runes are in it.
	ascii [2]uint64
	high  bool
}

func (i *inst) has(b byte) bool {
	if b >= utf8.RuneSelf {
		return i.high
	}
	return i.ascii[b>>6]&(1<<(b&63)) != 0
}

// newProgram compiles expressions. Those that it does not know, because they have
// places that only a loose program can leave out, match nothing in it; an
// instMatch's number is that among the known ones.
func newProgram(loose bool, exprs []*syntax.Regexp) (p *program, known []bool) {
	p = &program{loose: loose}
	for _, re := range exprs {
		ok := p.add(re)
		known = append(known, ok)
	}
	p.classify()
	return p, known
}

func (p *program) add(re *syntax.Regexp) bool {
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return false
	}
	base, id := uint32(len(p.insts)), uint32(len(p.starts))
	for i := range prog.Inst {
		in, ok := p.inst(&prog.Inst[i], base, id)
		if !ok {
			p.insts = p.insts[:base]
			return false
		}
		p.insts = append(p.insts, in)
	}
	p.starts = append(p.starts, base+uint32(prog.Start))
	return true
}

// looseProgram compiles parts of an expression that has been compiled before.
func looseProgram(exprs []*syntax.Regexp) *program {
	p, _ := newProgram(true, exprs)
	return p
}

func (p *program) inst(in *syntax.Inst, base, id uint32) (inst, bool) {
	out := inst{out: base + in.Out}
	switch in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		out.kind, out.arg = instSplit, base+in.Arg
	case syntax.InstCapture, syntax.InstNop:
		out.kind = instJump
	case syntax.InstMatch:
		out.kind, out.arg = instMatch, id
	case syntax.InstFail:
		out.kind = instFail
	case syntax.InstEmptyWidth:
		switch place := syntax.EmptyOp(in.Arg); {
		case p.loose:
			out.kind = instJump
		case place == syntax.EmptyBeginText:
			out.kind = instBegin
		case place == syntax.EmptyEndText:
			out.kind = instEnd
		default:
			return out, false
		}
	default:
		out.kind = instByte
		for c := range rune(utf8.RuneSelf) {
			if in.MatchRune(c) {
				out.ascii[c>>6] |= 1 << (c & 63)
			}
		}
		out.high = matchesHigh(in)
	}
	return out, true
}

// matchesHigh says whether an instruction matches a rune that is not ASCII.
func matchesHigh(in *syntax.Inst) bool {
	switch in.Op {
	case syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	case syntax.InstRune1:
		return in.Rune[0] >= utf8.RuneSelf
	}
	if len(in.Rune) == 1 { // a rune in any case, of which k and s have others
		return in.Rune[0] >= utf8.RuneSelf || in.MatchRune('\u212A') || in.MatchRune('\u017F')
	}
	return len(in.Rune) > 0 && in.Rune[len(in.Rune)-1] >= utf8.RuneSelf
}

// classify gives bytes that no instruction tells apart one class.
func (p *program) classify() {
	seen := map[string]uint8{}
	for b := range 256 {
		if b > utf8.RuneSelf {
			p.class[b] = p.class[utf8.RuneSelf]
			continue
		}
		key := make([]byte, 0, len(p.insts)/8+1)
		var bits byte
		n := 0
		for i := range p.insts {
			if p.insts[i].kind != instByte {
				continue
			}
			bits <<= 1
			if p.insts[i].has(byte(b)) {
				bits |= 1
			}
			if n++; n%8 == 0 {
				key, bits = append(key, bits), 0
			}
		}
		key = append(key, bits)
		if b == utf8.RuneSelf {
			key = append(key, 0xff) // a class of its own: its threads may stay
		}
		c, ok := seen[string(key)]
		if !ok {
			c = uint8(len(seen))
			seen[string(key)] = c
		}
		p.class[b] = c
	}
	p.classes = len(seen)
}

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

func newAutomaton(p *program) *automaton {
	a := &automaton{program: p, mark: make([]uint32, len(p.insts))}
	a.reset()
	return a
}

func newUnanchored(p *program, sticky bool) *automaton {
	a := &automaton{program: p, mark: make([]uint32, len(p.insts)), unanchored: true, sticky: sticky}
	a.fresh()
	for _, pc := range p.starts {
		a.rest = a.follow(a.rest, pc, false, false)
	}
	slices.Sort(a.rest)
	a.reset()
	return a
}

func (a *automaton) reset() {
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
	if len(a.sets) >= maxStates {
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
