package secret

import (
	"slices"
	"strings"
)

// word is a string that the finder looks for.
type word struct {
	text string
	// uses are the branches of rules that begin with it.
	uses []use
	// keyword is its number among the keywords, -1 for none.
	keyword int
}

type use struct {
	// rule is its index, branch that of its branch.
	rule, branch int
	// exact says that the case must be as in spelling.
	exact      bool
	spelling   string
	wordBefore bool
}

// index makes the finder.
func (r *Rules) index() {
	byText := map[string]int{}
	at := func(text string) *word {
		i, ok := byText[text]
		if !ok {
			i = len(r.words)
			byText[text] = i
			r.words = append(r.words, word{text: text, keyword: -1})
		}
		return &r.words[i]
	}
	for i := range r.rules {
		one := r.rules[i]
		r.mostBack = max(r.mostBack, one.back)
		if one.tree != nil && one.branches == nil {
			r.everywhere = append(r.everywhere, i)
		}
		for k, b := range one.branches {
			for _, l := range b.literals {
				w := at(asciiLower(l.text))
				w.uses = append(w.uses, use{rule: i, branch: k, exact: !l.fold, spelling: l.text, wordBefore: b.wordBefore})
			}
		}
		if impliesKeyword(one) {
			continue
		}
		for _, k := range one.words {
			if len(k) < 2 { // too common to be worth anything
				one.keywords = nil
				break
			}
			// gitleaks looks in the text in lower case, where the Kelvin sign is a k.
			number := -1
			for _, text := range kelvins(asciiLower(k[:min(len(k), maxLiteralLen-8)])) {
				w := at(text)
				if w.keyword < 0 {
					if number < 0 {
						number = r.keywords
						r.keywords++
					}
					w.keyword = number
				}
				number = w.keyword
			}
			one.keywords = append(one.keywords, number)
		}
	}
	texts := make([]string, len(r.words))
	for i, w := range r.words {
		texts[i] = w.text
	}
	r.finder = newFinder(texts)
}

// kelvins spells a word with each k also as the Kelvin sign, up to four of them.
func kelvins(word string) []string {
	out := []string{""}
	for i := range len(word) {
		n := len(out)
		for _, w := range out[:n] {
			if word[i] == 'k' && n < 16 {
				out = append(out, w+"\u212A")
			}
		}
		for k := range out[:n] {
			out[k] += word[i : i+1]
		}
	}
	return out
}

// impliesKeyword says whether whatever the rule finds holds one of its keywords.
func impliesKeyword(r *rule) bool {
	if len(r.words) == 0 {
		return true
	}
	if r.branches == nil {
		return false
	}
	for _, b := range r.branches {
		for _, l := range b.literals {
			if !slices.ContainsFunc(r.words, func(k string) bool { return strings.Contains(strings.ToLower(l.text), k) }) {
				return false
			}
		}
	}
	return true
}

func asciiLower(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}
