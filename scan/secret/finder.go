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
}

// spot is a word in a text.
type spot struct {
	// end is the offset behind it.
	end    int
	number uint32
}

// newFinder makes a finder of words of at least two bytes, in lower case; their
// order is their number.
func newFinder(words []string) *finder {
	f := &finder{lists: make([][]wordAt, 1)}
	for i, w := range words {
		at := 0
		for k := range len(w) - 1 {
			if commonness(w[k:]) < commonness(w[at:]) {
				at = k
			}
		}
		for _, a := range cases(w[at]) {
			for _, b := range cases(w[at+1]) {
				p := pair(a, b)
				f.pairs[p>>6] |= 1 << (p & 63)
				if f.index[p] == 0 {
					f.index[p] = uint16(len(f.lists))
					f.lists = append(f.lists, nil)
				}
				f.lists[f.index[p]] = append(f.lists[f.index[p]], wordAt{w, uint32(i), at})
			}
		}
	}
	return f
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

// commonness estimates how often the first two bytes of a word stand side by
// side in source code, relative to other pairs.
func commonness(w string) int { return frequency(w[0]) * frequency(w[1]) }

// frequency ranks bytes, from letters of English downwards.
func frequency(b byte) int {
	const letters = "zqjxkvbywgpfmucdlhrsnioate"
	for i := range len(letters) {
		if letters[i] == b {
			return i + 4
		}
	}
	switch {
	case b == '_' || b == '-' || b == '.' || b == '=':
		return 6
	case '0' <= b && b <= '9':
		return 5
	}
	return 3
}

// find appends to spots the words whose pair begins in text[from:to], to being
// at most the text's length less one. Words are wholly in the text. Spots are
// ordered by their end, also after those that were there before.
func (f *finder) find(text []byte, from, to int, spots []spot) []spot {
	i := from
	for ; i+7 <= to && i+8 <= len(text); i += 7 {
		x := binary.LittleEndian.Uint64(text[i:])
		var hit uint64
		for k := 0; k < 7; k++ {
			p := uint16(x >> (8 * k))
			hit |= (f.pairs[p>>6] >> (p & 63) & 1) << k
		}
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

// compare looks for the words that have their pair at text[i:].
func (f *finder) compare(text []byte, i int, spots []spot) []spot {
	for _, w := range f.lists[f.index[pair(text[i], text[i+1])]] {
		start := i - w.at
		end := start + len(w.text)
		if start < 0 || end > len(text) || !equalFold(text[start:end], w.text) {
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

// equalFold compares a text with a word in lower case.
func equalFold(text []byte, word string) bool {
	for k := range len(word) {
		if lower(text[k]) != word[k] {
			return false
		}
	}
	return true
}
