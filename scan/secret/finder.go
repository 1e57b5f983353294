package secret

import (
	"encoding/binary"
	"math/bits"
)

// finder finds many words in any case (of ASCII) at once. Each word is looked for
// by its rarest two bytes: a bit for every pair of bytes says whether one of the
// words has to be compared there. Unlike in an automaton no step waits for the
// one before it.
type finder struct {
	// pairs has bit p set if the two bytes p (the first is the low one) are a word's
	// pair; lists[index[p]] are the words of that pair.
	pairs [1 << 16 / 64]uint64
	index [1 << 16]uint16
	lists [][]wordAt
}

// wordAt is a word with its pair at text[at:].
type wordAt struct {
	text   string
	number uint32
	at     int
	// A text begins with the word's first eight bytes if (text|fold)&mask is head.
	head, fold, mask uint64
}

func newWordAt(w string, number, at int) wordAt {
	out := wordAt{text: w, number: uint32(number), at: at}
	for k := range min(len(w), 8) {
		out.head |= uint64(w[k]) << (8 * k)
		out.mask |= 0xff << (8 * k)
		if 'a' <= w[k] && w[k] <= 'z' {
			out.fold |= 0x20 << (8 * k)
		}
	}
	return out
}

// spot is a word in a text.
type spot struct {
	// end is the offset behind it.
	end    int
	number uint32
}

// newFinder makes a finder of words in lower case; their order is their number. A
// word of one byte is not found as a text's last.
func newFinder(words []string) *finder {
	f := &finder{lists: make([][]wordAt, 1)}
	for i, w := range words {
		at := 0
		for k := range max(len(w)-1, 0) {
			if commonness(w[k:]) < commonness(w[at:]) {
				at = k
			}
		}
		for _, a := range cases(w[at]) {
			for _, b := range seconds(w[at+1:]) {
				p := pair(a, b)
				f.pairs[p>>6] |= 1 << (p & 63)
				if f.index[p] == 0 {
					f.index[p] = uint16(len(f.lists))
					f.lists = append(f.lists, nil)
				}
				f.lists[f.index[p]] = append(f.lists[f.index[p]], newWordAt(w, i, at))
			}
		}
	}
	return f
}

// seconds are the bytes that may follow the first one of a pair. A word of one
// byte has any behind it.
func seconds(rest string) []byte {
	if rest != "" {
		return cases(rest[0])
	}
	all := make([]byte, 256)
	for b := range all {
		all[b] = byte(b)
	}
	return all
}

func pair(a, b byte) uint16 { return uint16(a) | uint16(b)<<8 }

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + ('a' - 'A')
	}
	return b
}

func cases(b byte) []byte {
	if 'a' <= b && b <= 'z' {
		return []byte{b, b - ('a' - 'A')}
	}
	return []byte{b}
}

// find appends to spots the words whose pair begins in text[from:to], to being
// at most the text's length less one. Words are wholly in the text. Spots are
// ordered by their end, also after those that were there before.
func (f *finder) find(text []byte, from, to int, spots []spot) []spot {
	i := from
	for ; i+7 <= to && i+8 <= len(text); i += 7 {
		x := binary.LittleEndian.Uint64(text[i:])
		hit := f.bit(x) | f.bit(x>>8)<<1 | f.bit(x>>16)<<2 | f.bit(x>>24)<<3 |
			f.bit(x>>32)<<4 | f.bit(x>>40)<<5 | f.bit(x>>48)<<6
		for hit != 0 {
			spots = f.compare(text, i+bits.TrailingZeros64(hit), spots)
			hit &= hit - 1
		}
	}
	for ; i < to; i++ {
		if p := pair(text[i], text[i+1]); f.pairs[p>>6]>>(p&63)&1 != 0 {
			spots = f.compare(text, i, spots)
		}
	}
	return spots
}

// bit says whether a pair, the two lowest bytes of x, is a word's.
func (f *finder) bit(x uint64) uint64 { return f.pairs[uint16(x)>>6] >> (x & 63) & 1 }

// compare looks for the words that have their pair at text[i:].
func (f *finder) compare(text []byte, i int, spots []spot) []spot {
	list := f.lists[f.index[pair(text[i], text[i+1])]]
	for k := range list {
		w := &list[k]
		start := i - w.at
		end := start + len(w.text)
		if start < 0 || end > len(text) || !w.begins(text[start:]) {
			continue
		}
		k := len(spots)
		spots = append(spots, spot{end, w.number})
		for ; k > 0 && spots[k-1].end > end; k-- {
			spots[k] = spots[k-1]
		}
		spots[k] = spot{end, w.number}
	}
	return spots
}

// begins says whether a text, at least as long as the word, begins with it.
func (w *wordAt) begins(text []byte) bool {
	k := 0
	if len(text) >= 8 {
		if (binary.LittleEndian.Uint64(text)|w.fold)&w.mask != w.head {
			return false
		}
		k = 8
	}
	for ; k < len(w.text); k++ {
		if lower(text[k]) != w.text[k] {
			return false
		}
	}
	return true
}
