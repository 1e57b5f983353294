package config

import "strings"

const MaxDepth = 5

func (v Values) Extends() []Extend      { return nil }
func (o Options) MayIgnore(string) bool { return true }
func Chain(parents []Values, child ...Values) (Values, error) {
	return Merge(append(parents, child...)...), nil
}
func SplitName(s string) (policy, name string) {
	i := strings.LastIndex(s, "!")
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+1:]
}
func InitFile() []byte { return []byte("version: 1\n") }
