package secret

import (
	"regexp/syntax"
	"unicode/utf8"
)

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
